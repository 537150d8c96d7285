using System.Net;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>podman with its CNI backend, and all its state in the node's folder.</summary>
internal sealed class PodmanNode : RuntimeNode
{
    public PodmanNode(Node node)
        : base(node)
    {
        // crun refuses hosts with control groups of both versions.
        File.WriteAllText(Path.Combine(Directory, "containers.conf"), $"""
            [network]
            network_backend = "cni"
            cni_plugin_dirs = ["/opt/cni/bin"]
            network_config_dir = "/etc/cni/net.d"
            default_network = "cbr0"
            [engine]
            runtime = "runc"
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            tmp_dir = "{Directory}/tmp"
            static_dir = "{Directory}/static"
            [containers]
            log_driver = "k8s-file"
            """);
        File.WriteAllText(Path.Combine(Directory, "storage.conf"), $"""
            [storage]
            driver = "vfs"
            graphroot = "{Directory}/storage"
            runroot = "{Directory}/run"
            """);
    }

    // podman has no daemon: what holds the namespaces is a process that waits.
    protected override string[] Command => ["sleep", "infinity"];

    public override void RunServer(string name, params string[] arguments) => Podman(
        ["run", "--detach", "--name", name, "--network", "cbr0", "--cgroup-parent", $"/{Group}", "--ulimit",
            "nofile=1024:1024", "--ulimit", "nproc=1024:1024", .. arguments, "--rootfs", Image,
            .. ServerOf(name)]).EnsureSuccess();

    public override void Remove(string name) => Podman("rm", "--force", "--time", "0", name).EnsureSuccess();

    public override CommandResult Exec(string name, params string[] arguments) =>
        Podman(["exec", name, Busybox, .. arguments]);

    /// <summary>What makes podman publish the server on that port of the node.</summary>
    public static string[] PublishedOn(int port) => ["--publish", $"{port}:{Port}"];

    protected override bool IsUp() => Inside("ip", "-brief", "address", "show", "dev", "lo").Output.Contains(
        $"{IPAddress.Loopback}", StringComparison.Ordinal);

    private CommandResult Podman(params string[] arguments) => Inside(
        ["env", $"CONTAINERS_CONF={Directory}/containers.conf", $"CONTAINERS_STORAGE_CONF={Directory}/storage.conf",
            "podman", .. arguments]);
}
