using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Host.Interop;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class FormerFlannelTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "former", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void What_flannel_left_is_removed_and_nothing_else()
    {
        Node.Ip(
            "link add flannel.1 type vxlan id 1 dstport 8472", "link add flannel-v6.1 type vxlan id 101 dstport 8472",
            "link add flannel.2 type vxlan id 2 dstport 8472", "link add vxlan.calico type vxlan id 4096 dstport 4789");
        Remove();
        Links().ShouldNotContain("flannel.1");
        Links().ShouldNotContain("flannel-v6.1");
        Links().ShouldContain("flannel.2");
        Links().ShouldContain("vxlan.calico");
    }

    [Fact]
    public void A_device_of_that_name_that_is_no_VXLAN_device_stays()
    {
        Node.Ip("link add flannel.1 type bridge");
        Remove();
        Links().ShouldContain("flannel.1");
    }

    [Fact]
    public void A_flanneld_that_runs_is_named_and_keeps_its_device()
    {
        using TempDirectory directory = new();
        string flanneld = directory["flanneld"];
        File.Copy("/bin/sleep", flanneld);
        BackgroundProcess running = Node.Start(flanneld, "60");
        try
        {
            // Until then it is the shell that becomes it.
            SpinWait.SpinUntil(() =>
                File.ReadAllText($"/proc/{running.Pid}/comm") == "flanneld\n", TimeSpan.FromSeconds(20)).ShouldBeTrue();
            Node.Ip("link add flannel.1 type vxlan id 1 dstport 8472");
            Refusal(new FlannelProcesses()).ShouldContain($"flanneld (process {running.Pid})");
            Links().ShouldContain("flannel.1");
        }
        finally
        {
            running.Stop();
        }
    }

    [Fact]
    public void A_flanneld_whose_namespace_may_not_be_looked_at_counts_as_one_of_this_node()
    {
        using TempDirectory processes = new();
        _ = Directory.CreateDirectory(processes["4711"]);
        File.WriteAllText(Path.Combine(processes["4711"], "comm"), "flanneld\n");
        Node.Ip("link add flannel.1 type vxlan id 1 dstport 8472");
        Refusal(new FlannelProcesses(processes.Path)).ShouldContain("flanneld (process 4711)");
    }

    [Fact]
    public async Task A_flanneld_that_no_process_shows_is_known_by_its_health_port()
    {
        using TempDirectory processes = new();
        Node.Ip("link add flannel.1 type vxlan id 1 dstport 8472");
        using TcpListener listener = Node.Invoke(static () => new TcpListener(IPAddress.Loopback, 8081));
        listener.Start();
        Task answering = Task.Run(async () =>
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            _ = await client.GetStream().ReadAsync(new byte[100]);
            await client.GetStream().WriteAsync("HTTP/1.0 200 OK\r\n\r\nflanneld is running"u8.ToArray());
        });
        Refusal(new FlannelProcesses(processes.Path)).ShouldContain("flanneld (it answers at 127.0.0.1:8081/healthz)");
        await answering;
    }

    [Fact]
    public void Where_the_own_network_cannot_be_made_flannels_stays_and_where_it_can_it_takes_the_port_over()
    {
        NodeRig rig = new(Node);
        FormerFlannel former = new(new Vni(1), new FlannelProcesses(), NullLogger.Instance);
        OverlayOptions options = rig.Options(("ControlPlane:Kind", "Etcd"));
        Node.Ip(
            "link add flannel.1 type vxlan id 1 dstport 8472", "link set flannel.1 up",
            "route add 10.244.0.0/16 dev flannel.1", "route add 10.244.0.0/16 via 192.168.77.250 metric 5");
        _ = Node.Invoke(() =>
        {
            using TunDevice taken = TunDevice.Create("overlay.1");
            return Should.Throw<LinuxException>(() => rig.Make(options, former));
        });
        Links().ShouldContain("flannel.1");
        Links().ShouldNotContain("overlay.1");

        LocalNode node = rig.Make(options, former);
        rig.Start(node);
        Links().ShouldNotContain("flannel.1");
        SpinWait.SpinUntil(
            () => Node.Run("ip", "route").Output.Contains(
                "10.244.0.0/16 dev overlay.1 proto 79", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20)).ShouldBeTrue();
        rig.Stop(node);
        Node.Run("ip", "route").Output.ShouldContain("10.244.0.0/16 via 192.168.77.250");
    }

    public void Dispose() => _lab.Dispose();

    private string Refusal(FlannelProcesses processes) => Node.Invoke(() => Should.Throw<ConfigurationException>(
        () => new FormerFlannel(new Vni(1), processes, NullLogger.Instance).IsLeft()).Message);

    private void Remove() =>
        Node.Invoke(() => new FormerFlannel(new Vni(1), new FlannelProcesses(), NullLogger.Instance).Remove());

    private IReadOnlyList<string> Links() =>
        [.. Node.Run("ip", "-br", "link").Output.Split('\n').Select(static line => line.Split(' ', '@')[0])];
}
