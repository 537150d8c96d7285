using Overlay.Testing;

namespace Overlay.Cni.Tests;

/// <summary>
/// What a plugin of the test reads and writes: subnet file, allocations, records, another IPAM plugin.
/// </summary>
public sealed class PluginDirectory : IDisposable
{
    public PluginDirectory() => File.WriteAllText(SubnetFile, """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_IPV6_NETWORK=fd00:244::/56
        FLANNEL_IPV6_SUBNET=fd00:244:0:1::1/64
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true
        """);

    public string Path { get; } = Directory.CreateTempSubdirectory("overlay-cni-").FullName;

    public string SubnetFile => System.IO.Path.Combine(Path, "subnet.env");

    public string Records => System.IO.Path.Combine(Path, "records");

    public string Socket => System.IO.Path.Combine(Path, "overlayd.sock");

    /// <summary>The keys that keep a configuration inside this directory, to be put behind an opening brace.</summary>
    public string Keys =>
        $"\"subnetFile\":\"{SubnetFile}\",\"stateDirectory\":\"{Records}\",\"adminSocket\":\"{Socket}\",\"dataDir\":\"{Path}/flannel\",";

    /// <summary>Allocations of a network, by address; those two files that always stay are left out.</summary>
    public IReadOnlyDictionary<string, string> Allocations(string network)
    {
        string directory = System.IO.Path.Combine(Path, network);
        return !Directory.Exists(directory) ? new Dictionary<string, string>() : Directory.GetFiles(directory)
            .Where(static path => System.IO.Path.GetFileName(path) is not "lock" and var name
                && !name.StartsWith("last_reserved_ip.", StringComparison.Ordinal))
            .ToDictionary(static path => System.IO.Path.GetFileName(path), File.ReadAllText);
    }

    public IReadOnlyList<string> RecordFiles() =>
        Directory.Exists(Records)
            ? [.. Directory.GetFiles(Records).Select(static path => System.IO.Path.GetFileName(path))
                .Where(static name => name != "operations")]
            : [];

    /// <summary>Puts another plugin there, as a shell script; it also writes each command to <c>calls</c>.</summary>
    public void AddPlugin(string name, string script)
    {
        string path = System.IO.Path.Combine(Path, name);
        ShellScript.Write(path, $"#!/bin/sh\necho $CNI_COMMAND >> {Path}/calls\n{script}\n");
    }

    /// <summary>Stands for the daemon until it is disposed, as STATUS asks it.</summary>
    public StandinDaemon Listen(string answer = StandinDaemon.Ready) => new(Socket, answer);

    public string[] Calls() => File.Exists($"{Path}/calls") ? File.ReadAllLines($"{Path}/calls") : [];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
