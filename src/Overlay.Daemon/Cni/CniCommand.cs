using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Serilog.Extensions.Logging;

namespace Overlay.Daemon;

/// <summary><c>overlayd install-cni</c> and <c>remove-cni</c>: what the daemon does with <c>CniInstall</c>, once and for root, where the daemon is not.</summary>
internal static class CniCommand
{
    private const string Install = "install-cni";
    private const string Remove = "remove-cni";

    public static bool Is(string[] arguments) => arguments is [Install or Remove, ..];

    /// <exception cref="ConfigurationException">Sections CniInstall or Serilog are bad; the rest is not looked at.</exception>
    /// <exception cref="IOException">A file or directory cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Run(string[] arguments)
    {
        IConfiguration configuration = ConfigurationLoader.Load(arguments[1..]);
        List<string> faults = [];
        CniInstallOptions options = OverlayOptionsReader.ReadCniInstall(configuration, faults);
        if (faults.Count > 0) throw new ConfigurationException(faults);
        using SerilogLoggerFactory loggers = new(Logging.Create(configuration), dispose: true);
        CniInstaller installer = new(options, loggers.CreateLogger<CniInstaller>());
        if (arguments[0] == Install) installer.Install();
        else installer.Remove();
    }
}
