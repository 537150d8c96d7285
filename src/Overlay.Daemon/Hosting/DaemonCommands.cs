using System.CommandLine;
using Overlay.CommandLine;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Flannel;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Hosting;

/// <summary>The commands and options of overlayd: shown as help and printed as manual page.</summary>
/// <remarks>
/// Keys of the configuration are options too, and <see cref="ConfigurationLoader"/> reads them: there are too many to be
/// listed here.
/// </remarks>
internal static class DaemonCommands
{
    /// <summary>The program's name.</summary>
    public const string Program = "overlayd";

    private const string ManualCommand = "man";
    private const int ManualSection = 8;

    /// <summary>The command that is asked for; null for the daemon itself.</summary>
    /// <exception cref="ConfigurationException">The first word is no command.</exception>
    public static string? Find(string[] arguments)
    {
        if (arguments is not [[not '-', ..] word, ..]) return null;
        return Usage.FaultOf(Make().Parse([word]), Program) is { } fault
            ? throw new ConfigurationException(fault)
            : word;
    }

    /// <summary>Answers a question about the program itself: its version, help, manual page.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryAnswer(string[] arguments)
    {
        if (arguments.Contains("--version")) Console.WriteLine($"{Program} {AdminReader.Version}");
        else if (arguments.Contains("--help") || arguments.Contains("-h")) _ = Make().Parse("--help").Invoke();
        else if (arguments is [ManualCommand]) Console.Write(Manual());
        else return false;
        return true;
    }

    private static RootCommand Make()
    {
        RootCommand root = new("overlayd: carries the packets of this node's pods to other nodes and back, by VXLAN")
        {
            new Option<string>("--config")
            {
                Description = $"the configuration, {ConfigurationLoader.DefaultFile} where nothing is said",
                HelpName = "FILE",
            },
            new Option<string>("--KEY")
            {
                Description = "any key of the file's section Overlay, as --Network:Vni 7; so does the variable "
                    + "OVERLAY_Network__Vni=7",
                HelpName = "VALUE",
            },
        };
        Usage.TrimHelp(root);
        foreach ((string name, string description) in RootCommands.All) root.Add(new Command(name, description));
        root.Add(new Command(
            FlannelStart.Command, "the daemon, started by flanneld's flags: overlayd flannel -kube-subnet-mgr -ip-masq; so is "
            + "it where the program is called flanneld"));
        root.Add(new Command(ManualCommand, "the manual page, for man -l") { Hidden = true });
        return root;
    }

    private static string Manual() => new ManualPage(Program, ManualSection, AdminReader.Version, Make()).Format(
        ("FILES",
        [
            "/etc/overlay/overlay.json: the configuration; docs/configuration.md has every key.",
            "/run/overlay/overlayd.sock: the socket that overlayctl asks.",
            "/run/flannel/subnet.env: this node's pod CIDRs and MTU, for CNI plugins.",
            "/var/lib/overlay: state that survives restarts.",
        ]),
        ("SIGNALS", ["SIGTERM, SIGINT, SIGHUP: an orderly end, as after systemctl stop."]),
        ("EXIT STATUS",
        [
            $"0 after an orderly end; 1 when the kernel or another program refuses; {ExitCode.Configuration} when the "
                + "configuration is bad, which no further start cures.",
        ]),
        ("SEE ALSO", ["overlayctl(8)"]));
}
