using System.Collections;
using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
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
    private const string NodeName = "Overlay:NodeName";
    private const string Origin = "flanneld's flags and defaults";
    private const string Tun = "/dev/net/tun";

    /// <summary>The flags, where the program was started so; null otherwise.</summary>
    /// <param name="arguments">Without the program's name.</param>
    public static string[]? Find(string[] arguments) => arguments switch
    {
        [Command, .. string[] flags] => flags,
        _ when NameOfCall() == Program => arguments,
        _ => null,
    };

    /// <summary>True where the program was started under the name of flannel's <c>install-conf</c>.</summary>
    public static bool IsInstallConf => NameOfCall() == FlannelInstallConf.Program;

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
        using RouteNetlink netlink = new();
        Dictionary<string, string?> keys = FlannelConfiguration.Keys(flags, netlink);
        IConfiguration configuration = ConfigurationLoader.Load(keys, Origin);
        if (configuration[NodeName] is { Length: > 0 } || !flags.Is("kube-subnet-mgr", fallback: false))
            return configuration;

        // By the whole configuration, for a variable of ours may say how the API server is reached.
        KubernetesOptions server = OverlayOptionsReader.Read(configuration).ControlPlane.Kubernetes;
        if (FlannelNodeName.Find(variables, server) is not { } node) return configuration;
        keys[NodeName] = node;
        return ConfigurationLoader.Load(keys, Origin);
    }

    /// <summary>
    /// Makes the device that TUNs come from, where it is missing: flannel's DaemonSet gives its pod none.
    /// </summary>
    /// <exception cref="IOException">The device cannot be made here.</exception>
    public static void MakeTun()
    {
        if (File.Exists(Tun)) return;
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Tun)!);
        try
        {
            _ = HostTool.Run("mknod", "", Tun, "c", "10", "200");
        }
        catch (IOException refused)
        {
            throw new IOException(
                $"{Tun} is missing and cannot be made ({refused.Message}): give the pod the host's, as a volume of type "
                + $"CharDevice, or the capability MKNOD", refused);
        }
    }

    // The runtime resolves links before it tells the program's name.
    private static string NameOfCall() => Path.GetFileName(File.ReadAllText("/proc/self/cmdline").Split('\0')[0]);
}
