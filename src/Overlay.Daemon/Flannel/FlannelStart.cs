using System.Collections;
using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Host.Programs;

namespace Overlay.Daemon.Flannel;

/// <summary>
/// overlayd in the place of flanneld: started under that name, or as <c>overlayd flannel</c>, it takes flanneld's flags.
/// </summary>
internal static class FlannelStart
{
    /// <summary>The command.</summary>
    public const string Command = "flannel";

    private const string Program = "flanneld";
    private const string Tun = "/dev/net/tun";

    /// <summary>The flags, where the program was started so; null otherwise.</summary>
    /// <param name="arguments">Without the program's name.</param>
    public static string[]? Find(string[] arguments) => arguments switch
    {
        [Command, .. string[] flags] => flags,
        _ when Path.GetFileName(NameOfCall()) == Program => arguments,
        _ => null,
    };

    /// <summary>The configuration that the flags stand for; variables of ours (OVERLAY_) come before them.</summary>
    /// <param name="arguments">The flags.</param>
    /// <param name="notes">Sentences on flags that are not honoured.</param>
    /// <exception cref="ConfigurationException">A flag cannot be.</exception>
    /// <exception cref="IOException">The kernel cannot be asked.</exception>
    public static IConfiguration Load(string[] arguments, out IReadOnlyList<string> notes)
    {
        Dictionary<string, string> variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(static pair => (string)pair.Key, static pair => (string?)pair.Value ?? "");
        FlannelCommandLine flags = new(arguments, variables);
        notes = [.. FlannelConfiguration.Unhonoured(flags)];
        MakeTun();
        using RouteNetlink netlink = new();
        return ConfigurationLoader.Load(FlannelConfiguration.Keys(flags, variables, netlink));
    }

    // flannel's DaemonSet gives its pod no device, and the right to make it.
    private static void MakeTun()
    {
        if (File.Exists(Tun)) return;
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Tun)!);
        _ = HostTool.Run("mknod", "", Tun, "c", "10", "200");
    }

    // The runtime resolves links before it tells the program's name.
    private static string NameOfCall() => File.ReadAllText("/proc/self/cmdline").Split('\0')[0];
}
