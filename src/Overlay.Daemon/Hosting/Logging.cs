using System.Globalization;
using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Settings.Configuration;
using Serilog.Sinks.SystemConsole.Themes;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// The log: to the console, which systemd and Kubernetes collect. Section <c>Serilog</c> overrides it.
/// </summary>
internal static class Logging
{
    private const string Template =
        "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";

    /// <param name="configuration">All sections.</param>
    /// <param name="level">Set to the configured level, and obeyed from then on.</param>
    /// <exception cref="ConfigurationException">Serilog refuses its section.</exception>
    public static Logger Create(IConfiguration configuration, LoggingLevelSwitch level) =>
        Create(configuration, JournalStream.IsStandardOutput(), level);

    /// <param name="configuration">All sections.</param>
    /// <param name="isJournal">
    /// The console is systemd's journal, which has time stamps and priorities of its own.
    /// </param>
    /// <param name="level">Set to the configured level, and obeyed from then on.</param>
    /// <exception cref="ConfigurationException">Serilog refuses its section.</exception>
    internal static Logger Create(IConfiguration configuration, bool isJournal, LoggingLevelSwitch level)
    {
        try
        {
            return Configure(configuration, isJournal, level);
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new ConfigurationException(
                $"Serilog '{configuration["Serilog:MinimumLevel"]}…' cannot be used: {exception.Message} Example: {{ "
                + "\"MinimumLevel\": \"Debug\" }");
        }
    }

    private static Logger Configure(IConfiguration configuration, bool isJournal, LoggingLevelSwitch level)
    {
        LoggerConfiguration logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)

            // A probe that asks again and again would log each condition that is not met, each time.
            .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)

            // Program prints the fault that stops the start, once and without a stack trace when it is the
            // configuration.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal);

        // A section that names sinks names all of them, else each line would come twice.
        if (!configuration.GetSection("Serilog:WriteTo").GetChildren().Any())
        {
            logger = isJournal
                ? logger.WriteTo.Console(new JournalFormatter())
                : logger.WriteTo.Console(
                    outputTemplate: Template, formatProvider: CultureInfo.InvariantCulture, theme: ConsoleTheme.None);
        }

        // Named here, for Serilog looks for assemblies beside the program, and a single file has none there.
        ConfigurationReaderOptions shipped =
            new(typeof(ConsoleLoggerConfigurationExtensions).Assembly, typeof(CompactJsonFormatter).Assembly);
        logger = logger.ReadFrom.Configuration(configuration, shipped);

        // The switch comes last, or the section's level would take its place. A level that does not exist is refused by then.
        string? configured = configuration["Serilog:MinimumLevel"] ?? configuration["Serilog:MinimumLevel:Default"];
        level.MinimumLevel =
            Enum.TryParse(configured, ignoreCase: true, out LogEventLevel least) ? least : LogEventLevel.Information;
        return logger.MinimumLevel.ControlledBy(level).CreateLogger();
    }
}
