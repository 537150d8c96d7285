using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Checks;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Removal;
using Serilog.Extensions.Logging;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Root's commands, each done once: <c>overlayd check</c>, <c>install-cni</c>, <c>upgrade-cni</c>, <c>remove-cni</c>,
/// <c>free-addresses</c> and <c>uninstall</c>.
/// </summary>
internal static class RootCommands
{
    private const string Install = "install-cni";
    private const string Upgrade = "upgrade-cni";
    private const string Remove = "remove-cni";
    private const string FreeAddresses = "free-addresses";
    private const string Uninstall = "uninstall";
    private const string Check = "check";

    /// <summary>The commands, each with what it does.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        (Check, "no daemon: looks at the host as a start would, and says what is wrong and what mends it"),
        (Install, "no daemon: installs the CNI plugin where section CniInstall says"),
        (Upgrade, "no daemon: puts its CNI plugin in the place of one that a configuration calls"),
        (Remove, "no daemon: removes it again"),
        (FreeAddresses, "no daemon: frees the addresses of pods that are gone and that nobody has deleted"),
        (Uninstall, "no daemon: removes all that a stopped daemon and the plugin have left on this node"),
    ];

    /// <param name="command">One of <see cref="All"/>.</param>
    /// <param name="keys">The keys of the command line.</param>
    /// <returns>The process's exit code.</returns>
    /// <exception cref="ConfigurationException">
    /// Sections CniInstall or Serilog, or what the plugin shares with the daemon, are bad; <c>uninstall</c> alone looks
    /// at the rest.
    /// </exception>
    /// <exception cref="IOException">A file or directory cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static int Run(string command, string[] keys)
    {
        IConfiguration configuration = ConfigurationLoader.Load(keys);
        CniInstallOptions options = OverlayOptionsReader.ReadCniInstall(configuration);
        using SerilogLoggerFactory loggers = new(Logging.Create(configuration, new()), dispose: true);
        CniInstaller installer = new(options, loggers.CreateLogger<CniInstaller>());
        switch (command)
        {
            case Check:
                OverlayOptions checkedNode = AsAssigned(OverlayOptionsReader.Read(configuration), loggers);
                return CheckCommand.Run(
                    checkedNode, RunningDaemon.AnswersOn(checkedNode.AdminSocket), Console.Out);
            case Uninstall:
                OverlayOptions node = AsAssigned(OverlayOptionsReader.Read(configuration), loggers);
                return new NodeRemoval(node, loggers).Run() ? ExitCode.Success : ExitCode.Failure;
            case FreeAddresses:
                ILogger logger = loggers.CreateLogger<LeakedAddressSweep>();
                foreach (string problem in new LeakedAddressSweep(options, logger).Run()) logger.SweepFailed(problem);
                return ExitCode.Success;
            case Remove:
                return installer.Remove() ? ExitCode.Success : ExitCode.Failure;
            case Upgrade:
                installer.Upgrade();
                return ExitCode.Success;
            default:
                installer.Install();
                installer.Warn();
                return ExitCode.Success;
        }
    }

    // The store has said which network and which pods the node has; a node that is taken down asks it no more.
    private static OverlayOptions AsAssigned(OverlayOptions configured, ILoggerFactory loggers)
    {
        AssignmentFile file = new(configured.StateDirectory, loggers.CreateLogger<AssignmentFile>());
        if (!configured.ControlPlane.GivesPodCidrs || file.Load() is not { } last) return configured;
        try
        {
            return StoreSettings.Assign(
                StoreSettings.Complete(configured, last.Settings, last.Store), last.PodCidrs);
        }
        catch (ConfigurationException changed)
        {
            loggers.CreateLogger<NodeRemoval>().AssignmentDiffers(changed.Message);
            return configured;
        }
    }
}
