using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Sinks.SystemConsole.Themes;

namespace Overlay.Daemon.Hosting;

/// <summary>The log: to the console, which systemd and Kubernetes collect. Section <c>Serilog</c> overrides it.</summary>
internal static class Logging
{
    /// <exception cref="ConfigurationException">Serilog cannot make sense of its section.</exception>
    public static Logger Create(IConfiguration configuration)
    {
        try
        {
            return Configure(configuration);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new ConfigurationException($"Serilog '{configuration["Serilog:MinimumLevel"]}…' cannot be used: {exception.Message} Example: {{ \"MinimumLevel\": \"Debug\" }}");
        }
    }

    private static Logger Configure(IConfiguration configuration) =>
        new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)

            // What stops the start is said once, by Program, and not with a stack trace when it is the configuration.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
            .WriteTo.Console(
                outputTemplate: "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}",
                formatProvider: System.Globalization.CultureInfo.InvariantCulture,
                theme: ConsoleTheme.None)
            .ReadFrom.Configuration(configuration)
            .CreateLogger();
}
