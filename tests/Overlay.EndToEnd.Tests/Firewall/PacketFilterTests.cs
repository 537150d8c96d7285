using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Firewall;

/// <summary>The daemon's rules among those of others: kept, put back, removed, and nothing else touched.</summary>
public sealed class PacketFilterTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new() { Name = "filter" });

    private Node A => _lab["a"];

    private Pod Pod => A.Pods[0];

    private Pod Remote => _lab["b"].Pods[0];

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void What_somebody_removes_is_put_back_and_what_is_anothers_stays()
    {
        A.Run("nft", "add table ip somebody; add chain ip somebody theirs").EnsureSuccess();
        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        string before = Rules();
        string[] wreckings = ["delete table ip overlay-1", "flush chain ip6 overlay-1 postrouting",
            "insert rule ip overlay-1 postrouting accept"];
        foreach (string wrecking in wreckings)
        {
            A.Run("nft", wrecking).EnsureSuccess();
            Waiting.For(() => Rules() == before);
        }

        daemons[0].Stop().ShouldBe(0);
        A.Run("nft", "list", "ruleset")
            .EnsureSuccess().Output.ShouldBe("table ip somebody {\n\tchain theirs {\n\t}\n}\n");
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");
    }

    [Fact]
    public void The_tunnels_leave_no_connections_and_their_port_is_reserved()
    {
        A.Set("net/ipv4/ip_local_reserved_ports", "8471,9000,9100-9200");
        _lab["b"].Set("net/ipv4/ip_local_reserved_ports", "8472");
        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8471-8472,9000,9100-9200");
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);

        // Connections are tracked, those of the pods; the packets around them are not.
        string tracked = A.Run("cat", "/proc/net/nf_conntrack").EnsureSuccess().Output;
        tracked.ShouldContain("icmp");
        tracked.ShouldNotContain("8472");

        // Also after a crash what was reserved before stays, and only that.
        foreach (DaemonProcess daemon in daemons) daemon.Kill();
        foreach (DaemonProcess daemon in _lab.StartDaemons()) daemon.Stop().ShouldBe(0);
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8471,9000,9100-9200");
        _lab["b"].Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8472");

        // Behind a crash and with another port, the former one is not reserved any more.
        DaemonProcess crashing = A.StartDaemon();
        crashing.WaitReady();
        crashing.Kill();
        DaemonProcess moved = A.StartDaemon("--Network:Port", "4789");
        moved.WaitReady();
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("4789,8471,9000,9100-9200");
        moved.Stop().ShouldBe(0);
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8471,9000,9100-9200");
    }

    [Fact]
    public void Without_nft_and_on_a_kernel_without_ipv6_iptables_is_written_all_the_same()
    {
        A.Run("iptables-legacy", "-P", "FORWARD", "DROP").EnsureSuccess();
        A.WriteConfig(static overlay =>
        {
            overlay["SubnetV6"] = "";
            overlay["Network"]!["CidrV6"] = "";
        });

        // The one process does not find what the kernel shows, nor the program.
        string bare =
            "mount --bind /dev/null /usr/sbin/nft; mount -t tmpfs none /proc/$$/net; echo filter "
            + $">/proc/$$/net/ip_tables_names; exec {ProductBinary.Find("overlayd")} --config {A.ConfigPath}";
        BackgroundProcess daemon =
            A.Start(
                "env", StartEnvironment.DotnetRoot, "unshare", "--mount", "sh", "-c", bare);
        Waiting.For(IsForwarding, 30);
        A.Run("iptables-legacy", "-S").Output.ShouldContain("-A FORWARD -j OVERLAY-FORWARD-1\n");
        string[] warnings = Warnings();
        warnings.ShouldContain(static warning => warning.StartsWith(
            "table ip overlay-1 cannot be made, so pods are not masqueraded", StringComparison.Ordinal));
        warnings.ShouldNotContain(static warning => warning.Contains("ip6", StringComparison.Ordinal));
        daemon.Stop().ShouldBe(0);
        A.Run("iptables-legacy", "-S").Output.ShouldNotContain("OVERLAY");
    }

    [Fact]
    public void Networks_of_others_and_what_a_bridge_hides_are_told()
    {
        A.Ip("link add docker0 type bridge", "address add 10.244.9.1/24 dev docker0", "link set docker0 up",
            "route add 10.96.4.0/24 via 192.168.77.254");
        A.Ip("link add kube-ipvs0 type bridge", "address add 10.96.0.10/32 dev kube-ipvs0",
            "address add 10.97.8.1/24 dev kube-ipvs0");
        A.Set("net/bridge/bridge-nf-call-iptables", "0");
        _ = _lab.StartDaemons();
        Warnings().ShouldBe(
            [
                "the network 10.244.9.0/24 of docker0 overlaps the cluster CIDR 10.244.0.0/16: pods there are not "
                + "reached",
                "the network 10.97.8.0/24 of kube-ipvs0 overlaps the service CIDR 10.96.0.0/12: an address may be a "
                + "host's and a Service's",
                "the route to 10.96.4.0/24 by eth0 overlaps the service CIDR 10.96.0.0/12: an address may be a host's "
                + "and a Service's",
                "net.bridge.bridge-nf-call-iptables is 0: a Service whose pod is on the client's own node may not "
                + "answer; set it to 1",
            ],
            ignoreOrder: true);
    }

    private bool IsForwarding() =>
        AdminSocket.TryGet(A.Socket, "v1/status")?.Contains("\"forwarding\"", StringComparison.Ordinal) == true;

    private string Rules() => A.Run("nft", "-s", "list", "table", "ip", "overlay-1").Output + A.Run(
        "nft", "-s", "list", "table", "ip6", "overlay-1").Output;

    private string[] Warnings() => Cluster.Texts(A, "warnings");
}
