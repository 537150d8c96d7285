using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>A node of a lab on which systemd runs as the first process, with a disk that goes with it.</summary>
internal sealed class SystemdMachine : IDisposable
{
    /// <summary>Files that useradd and userdel write anew, with a copy of each.</summary>
    public static readonly IReadOnlyList<string> Accounts =
    [
        .. new[] { "passwd", "group", "shadow", "gshadow", "subuid", "subgid" }.SelectMany(
            static name => new[] { $"/etc/{name}", $"/etc/{name}-" }),
        "/etc/.pwd.lock",
    ];

    /// <summary>Directories of others, which may stay when they are empty.</summary>
    public static readonly IReadOnlyList<string> SharedDirectories =
        ["/etc/cni", "/etc/cni/net.d", "/opt/cni", "/opt/cni/bin", "/var/lib/cni"];

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);
    private static readonly string _script = Path.Combine(AppContext.BaseDirectory, "Shipping", "machine.sh");

    private readonly Node _node;
    private readonly string _directory;
    private readonly BackgroundProcess _process;

    public SystemdMachine(Node node)
    {
        _node = node;
        _directory = Directory.CreateDirectory(Path.Combine(node.Directory, $"machine-{node.Namespace}")).FullName;
        _process = node.Start(_script, "boot", _directory);
        Waiting.For(() => !_process.HasExited && Try("systemctl", "is-active", "machine.target").Succeeded, 30);
    }

    /// <summary>Runs a command on it, which has to succeed; what it said.</summary>
    public string Run(params string[] command) => Try(command).EnsureSuccess().Output;

    public CommandResult Try(params string[] command) =>
        _node.Run(_limit, _script, ["in", $"{_process.Pid}", .. command]);

    /// <summary>Runs a line of shell on it.</summary>
    public string Shell(string line) => Run("sh", "-c", line);

    /// <summary>
    /// The files that were written on it and are still there, and the directories that hold them or were made; removed
    /// files of the host are devices among them. What others write on the host meanwhile is not among them.
    /// </summary>
    public IEnumerable<string> Written(bool directories) =>
        Shell($"cd {_directory}/upper && find . -mindepth 1 {(directories ? "" : "!")} -type d | cut -c 2- | sort")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A property of the service.</summary>
    public string Property(string name) => Run("systemctl", "show", "--property", name, "--value", "overlayd").Trim();

    /// <summary>Writes the node's configuration where the service reads it.</summary>
    public void Configure(Node node, Action<JsonObject>? change = null)
    {
        node.WriteConfig(overlay =>
        {
            foreach (string key in new[] { "StateDirectory", "SubnetFile", "Admin", "ControlPlane", "CniInstall" })
                _ = overlay.Remove(key);
            change?.Invoke(overlay);
        });
        Run("cp", node.ConfigPath, "/etc/overlay/overlay.json");
    }

    public void Dispose()
    {
        _process.Kill();
        Waiting.For(() => _node.Run(_script, "clean", _directory).Succeeded, 20);
    }
}
