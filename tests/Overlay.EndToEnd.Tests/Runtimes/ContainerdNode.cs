using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>containerd, with all its state in the node's folder, and its client ctr, which calls the plugins.</summary>
internal sealed class ContainerdNode : RuntimeNode
{
    private readonly string _configuration;
    private readonly string _socket;

    public ContainerdNode(Node node)
        : base(node)
    {
        _socket = Path.Combine(Directory, "c.sock");
        _configuration = Path.Combine(Directory, "config.toml");

        // What serves Kubernetes and other file systems is not used, and would want more of this machine.
        File.WriteAllText(_configuration, $"""
            version = 2
            root = "{Directory}/root"
            state = "{Directory}/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
            [grpc]
            address = "{_socket}"
            [ttrpc]
            address = "{_socket}.ttrpc"
            """);
    }

    protected override string[] Command => ["containerd", "--config", _configuration, "--log-level", "warn"];

    public override void RunServer(string name, params string[] arguments) =>
        Ctr(["run", "--detach", "--cni", "--cgroup", "", .. arguments, "--rootfs", Image, name, .. ServerOf(name)])
            .EnsureSuccess();

    // `ctr run --detach --cni` leaves the plugins' DEL to whoever removes the container; ctr has no command for it
    // alone.
    public override void Remove(string name)
    {
        Ctr("task", "kill", "--signal", "9", name).EnsureSuccess();
        Waiting.For(() => Ctr("container", "delete", name).Succeeded, 20);
    }

    public override CommandResult Exec(string name, params string[] arguments) =>
        Ctr(["task", "exec", "--exec-id", $"e{Guid.NewGuid():N}", name, Busybox, .. arguments]);

    /// <summary>Runs a container to its end, and with it the plugins' DEL; what it said.</summary>
    public CommandResult RunOnce(string name, params string[] arguments) =>
        Ctr(["run", "--rm", "--cni", "--cgroup", "", "--rootfs", Image, name, Busybox, .. arguments]);

    protected override bool IsUp() => Ctr("version").Succeeded;

    private CommandResult Ctr(params string[] arguments) => Inside(["ctr", "--address", _socket, .. arguments]);
}
