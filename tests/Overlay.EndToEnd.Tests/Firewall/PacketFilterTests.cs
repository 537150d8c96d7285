using System.Text.Json;
using Overlay.Lab;

namespace Overlay.EndToEnd.Tests;

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
        string[] wreckings = ["delete table ip overlay-1", "flush chain ip6 overlay-1 postrouting", "insert rule ip overlay-1 postrouting accept"];
        foreach (string wrecking in wreckings)
        {
            A.Run("nft", wrecking).EnsureSuccess();
            Waiting.For(() => Rules() == before);
        }

        daemons[0].Stop().ShouldBe(0);
        A.Run("nft", "list", "ruleset").EnsureSuccess().Output.ShouldBe("table ip somebody {\n\tchain theirs {\n\t}\n}\n");
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");
    }

    [Fact]
    public void The_tunnels_leave_no_connections_and_their_port_is_reserved()
    {
        A.Set("net/ipv4/ip_local_reserved_ports", "9000,9100-9200");
        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("8472,9000,9100-9200");
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);

        // Connections are tracked, those of the pods; the packets around them are not.
        string tracked = A.Run("cat", "/proc/net/nf_conntrack").EnsureSuccess().Output;
        tracked.ShouldContain("icmp");
        tracked.ShouldNotContain("8472");
        daemons[0].Stop().ShouldBe(0);
        A.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("9000,9100-9200");
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void A_policy_to_forward_nothing_does_not_stop_pods(string variant)
    {
        foreach (string tool in new[] { "iptables", "ip6tables" }) A.Run($"{tool}-{variant}", "-P", "FORWARD", "DROP").EnsureSuccess();
        A.Run($"iptables-{variant}", "-A", "FORWARD", "-d", "198.51.100.1", "-j", "DROP").EnsureSuccess();
        string before = Saved(variant);
        Pod.Ping(_lab["b"].UnderlayV4!, 1).Succeeded.ShouldBeFalse("the policy drops it");

        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);

        // Behind what is refused there already.
        Saved(variant).ShouldMatch("-A FORWARD -d 198.51.100.1/32 -j DROP\\n-A FORWARD -j OVERLAY-FORWARD\\n");
        daemons[0].Stop().ShouldBe(0);
        Saved(variant).ShouldBe(before);
    }

    [Fact]
    public void A_policy_that_comes_later_is_noticed_too()
    {
        _ = _lab.StartDaemons();
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);
        A.Run("iptables-nft", "-P", "FORWARD", "DROP").EnsureSuccess();
        Waiting.For(() => Saved("nft").Contains("-j OVERLAY-FORWARD", StringComparison.Ordinal));
        Pod.WaitForPing(Remote.AddressV4!);
        A.Run("iptables-nft", "-F", "FORWARD").EnsureSuccess();
        Waiting.For(() => Saved("nft").Contains("-j OVERLAY-FORWARD", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_anothers_to_change_is_told()
    {
        A.Run("nft", "add table inet fw; add chain inet fw theirs { type filter hook forward priority 10; policy drop; }").EnsureSuccess();
        A.Ip("link add docker0 type bridge", "address add 10.244.9.1/24 dev docker0", "link set docker0 up", "route add 10.96.4.0/24 via 192.168.77.254");
        _ = _lab.StartDaemons();
        string[] warnings = Warnings();
        warnings.ShouldContain("chain theirs of table inet fw drops what it does not know: pods' packets that are forwarded need a rule there");
        warnings.ShouldContain("the network 10.244.9.0/24 of docker0 overlaps the cluster CIDR 10.244.0.0/16: pods there are not reached");
        warnings.ShouldContain("the route to 10.96.4.0/24 by eth0 overlaps the service CIDR 10.96.0.0/12: an address may be a host's and a Service's");
        A.Run("nft", "delete table inet fw").EnsureSuccess();
        Waiting.For(() => !Warnings().Any(static warning => warning.StartsWith("chain theirs", StringComparison.Ordinal)));
    }

    private string Rules() => A.Run("nft", "-s", "list", "table", "ip", "overlay-1").Output + A.Run("nft", "-s", "list", "table", "ip6", "overlay-1").Output;

    private string Saved(string variant) => string.Join('\n', A.Run($"iptables-{variant}-save", "-t", "filter").EnsureSuccess().Output
        .Split('\n').Where(static line => !line.StartsWith('#')).Select(static line => line.Split(" [")[0]));

    private string[] Warnings() => [.. AdminSocket.Report(A, "status").GetProperty("warnings").EnumerateArray().Select(static warning => warning.GetString()!)];
}
