using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>
/// Things that a host refuses the daemon, or another program has first: the node works all the same.
/// </summary>
public class HostPermissionsTests
{
    [Fact]
    public void Forwarding_that_is_off_is_switched_on_and_what_routers_advertise_stays()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "noforward", Nodes = 1 });
        Node node = lab.Nodes[0];
        SwitchOff(node);
        node.Set("net/ipv6/conf/eth0/accept_ra", "1");
        node.Ip("route add 2001:db8:5::/64 via fd77::99 dev eth0 proto ra");
        node.StartDaemon().WaitReady();
        node.Get("net/ipv4/ip_forward").ShouldBe("1");
        node.Get("net/ipv6/conf/all/forwarding").ShouldBe("1");
        node.Get("net/ipv6/conf/eth0/accept_ra").ShouldBe("2");

        // Later it is the operator's.
        node.Set("net/ipv4/ip_forward", "0");
        Waiting.For(() => Cluster.Texts(node, "problems").Any(
            static problem => problem.Contains("sysctl -w net.ipv4.ip_forward=1", StringComparison.Ordinal)));
        Should.Throw<HttpRequestException>(
            () => AdminSocket.GetLoopback(node, 9472, "readyz")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        node.Set("net/ipv4/ip_forward", "1");
        Waiting.For(() => Cluster.Texts(node, "problems").Length == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_it_may_not_be_switched_on_it_is_a_problem_unless_the_plugin_does_it(bool hasPlugin)
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "readonly", Nodes = 1 });
        Node node = lab.Nodes[0];
        SwitchOff(node);
        string plugins = Directory.CreateDirectory(Path.Combine(node.Directory, "bin")).FullName;
        if (hasPlugin) File.WriteAllText(Path.Combine(plugins, "overlay"), "");
        node.WriteConfig(overlay => overlay["CniInstall"]!["BinDirectory"] = plugins);
        BackgroundProcess daemon = StartInContainer(node, "");
        Waiting.For(() => Answers(node) && Cluster.Texts(node, hasPlugin ? "warnings" : "problems").Length == 2);
        Cluster.Texts(node, hasPlugin ? "problems" : "warnings").ShouldBeEmpty();
        string[] texts = Cluster.Texts(node, hasPlugin ? "warnings" : "problems");
        texts[0].ShouldStartWith("net.ipv4.ip_forward is 0: IPv4 pods reach no other node");
        texts[1].ShouldStartWith("net.ipv6.conf.all.forwarding is 0: IPv6 pods reach no other node");
        Waiting.For(() => node.Overlayctl("ready").ExitCode == (hasPlugin ? 0 : 1));

        // Nobody can act on a warning a parameter.
        daemon.Log.Split('\n').Count(static line => line.Contains("/proc/sys is read-only", StringComparison.Ordinal))
            .ShouldBe(1, daemon.Log);
        node.Set("net/ipv4/ip_forward", "1");
        node.Set("net/ipv6/conf/all/forwarding", "1");
        Waiting.For(() => Cluster.Texts(node, hasPlugin ? "warnings" : "problems").Length == 0);
    }

    [Fact]
    public void A_container_that_has_the_hosts_parameters_mounted_sets_them()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "mounted", Nodes = 1 });
        Node node = lab.Nodes[0];
        SwitchOff(node);
        const string mount = "/mnt/host/proc/sys/net";
        BackgroundProcess daemon = StartInContainer(
            node,
            $"mount -t tmpfs none /mnt && mkdir -p {mount} && mount --bind /proc/sys/net {mount} && ");
        Waiting.For(() => node.Overlayctl("ready").ExitCode == 0);
        node.Get("net/ipv4/ip_forward").ShouldBe("1");
        node.Get("net/ipv4/conf/overlay.1/rp_filter").ShouldBe("2");
        daemon.Log.ShouldNotContain("read-only");
    }

    [Fact]
    public void A_metrics_port_that_is_taken_is_a_warning_until_it_is_free()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "port", Nodes = 1 });
        Node node = lab.Nodes[0];
        using (Socket inTheWay = node.Invoke(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)))
        {
            inTheWay.Bind(new IPEndPoint(IPAddress.Loopback, 9472));
            inTheWay.Listen();
            node.StartDaemon().WaitReady();
            Cluster.Texts(node, "warnings").ShouldHaveSingleItem().ShouldContain("Overlay:Admin:Http '127.0.0.1:9472'");
            node.Overlayctl("ready").EnsureSuccess();
        }

        Waiting.For(() => Cluster.Texts(node, "warnings").Length == 0, 20);
        AdminSocket.GetLoopback(node, 9472, "readyz").ShouldBe("overlayd is ready\n");
    }

    [Fact]
    public void Connections_that_say_nothing_are_bounded_and_the_admin_socket_answers()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "silent", Nodes = 1, PodsPerNode = 0 });
        Node node = cluster["a"];
        List<Socket> silent = [];
        try
        {
            for (int i = 0; i < 200; i++)
            {
                Socket socket =
                    node.Invoke(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                silent.Add(socket);
                socket.Connect(IPAddress.Loopback, 9472);
            }

            node.Overlayctl("ready").EnsureSuccess();

            // The bound holds before the daemon closes silent connections, which lowers the count as well.
            Waiting.For(() => Established(node) <= 64, seconds: 3);
            Established(node).ShouldBeInRange(1, 64);

            // A connection that never asks is closed, and others have its place.
            Waiting.For(() => Answers(() => AdminSocket.GetLoopback(node, 9472, "healthz")), 20);
        }
        finally
        {
            foreach (Socket socket in silent) socket.Dispose();
        }
    }

    private static int Established(Node node) =>
        node.Run("ss", "-tnH", "state", "established", "sport", "=", ":9472").EnsureSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private static void SwitchOff(Node node)
    {
        node.Set("net/ipv4/ip_forward", "0");
        node.Set("net/ipv6/conf/all/forwarding", "0");
    }

    private static BackgroundProcess StartInContainer(Node node, string before)
    {
        if (!File.Exists(node.ConfigPath)) node.WriteConfig();
        return node.Start(
            "unshare", "-m", "sh", "-c",
            $"{before}mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && "
            + $"{StartEnvironment.DotnetRoot} exec {ProductBinary.Find("overlayd")} "
            + $"--config {node.ConfigPath}");
    }

    private static bool Answers(Node node) => Answers(() => Cluster.Report(node, "status"));

    private static bool Answers(Action ask)
    {
        try
        {
            ask();
            return true;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
