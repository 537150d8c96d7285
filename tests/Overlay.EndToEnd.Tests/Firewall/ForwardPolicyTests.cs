using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// Where this host forwards nothing that it does not know: what is ours to change is changed and taken back, the rest
/// is told.
/// </summary>
public sealed class ForwardPolicyTests : IDisposable
{
    private static readonly string[] _second =
    [
        "--Network:Vni", "2", "--Network:Port", "8473", "--Network:Cidr", "10.245.0.0/16", "--Subnet", "10.245.1.0/24",
        "--Network:CidrV6", "fd00:10:245::/56", "--SubnetV6", "fd00:10:245:1::/64", "--Admin:Http", "off",
    ];

    private readonly LabNetwork _lab = LabNetwork.Create(new() { Name = "forward" });

    private Node A => _lab["a"];

    private Pod Pod => A.Pods[0];

    private Pod Remote => _lab["b"].Pods[0];

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void A_policy_to_forward_nothing_does_not_stop_pods(string variant)
    {
        foreach (string tool in new[] { "iptables", "ip6tables" })
            A.Run($"{tool}-{variant}", "-P", "FORWARD", "DROP").EnsureSuccess();
        A.Run($"iptables-{variant}", "-A", "FORWARD", "-d", "198.51.100.1", "-j", "DROP").EnsureSuccess();
        string before = Saved(variant);
        Pod.Ping(_lab["b"].UnderlayV4!, 1).Succeeded.ShouldBeFalse("the policy drops it");

        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);

        // Behind what is refused there already.
        Saved(variant).ShouldMatch("-A FORWARD -d 198.51.100.1/32 -j DROP\\n-A FORWARD -j OVERLAY-FORWARD-1\\n");

        // Another network's daemon has rules of its own beside these. What a crash leaves goes with the next run's
        // stop, though its policy is another by then; and what somebody has doubled goes as a whole.
        string socket = Path.Combine(A.Directory, "second.sock");
        DaemonProcess second = A.StartDaemon(
            [.. _second, "--Admin:Socket", socket, "--StateDirectory", $"{A.StateDirectory}-2", "--SubnetFile",
                $"{A.SubnetFile}-2", "--ControlPlane:File:Directory", $"{_lab.LeaseDirectory}-2"]);
        Waiting.For(() => File.Exists(socket)
            && Saved(variant).Contains("-A FORWARD -j OVERLAY-FORWARD-2\n", StringComparison.Ordinal), 20);
        daemons[0].Kill();
        A.Run($"iptables-{variant}", "-P", "FORWARD", "ACCEPT").EnsureSuccess();
        A.Run($"iptables-{variant}", "-A", "FORWARD", "-j", "OVERLAY-FORWARD-1").EnsureSuccess();
        DaemonProcess again = A.StartDaemon();
        again.WaitReady();
        again.Stop().ShouldBe(0);
        A.Run("nft", "list", "tables").Output.ShouldContain("table ip overlay-2\n");
        string left = Saved(variant);
        left.ShouldNotContain("OVERLAY-FORWARD-1");
        foreach (string end in new[] { "-s", "-d" })
            left.ShouldContain($"-A OVERLAY-FORWARD-2 {end} 10.245.0.0/16 -j ACCEPT\n");
        second.Stop().ShouldBe(0);
        A.Run($"iptables-{variant}", "-P", "FORWARD", "DROP").EnsureSuccess();
        Saved(variant).ShouldBe(before);
    }

    [Fact]
    public void A_policy_that_comes_later_is_noticed_too()
    {
        _ = _lab.StartDaemons();
        foreach (System.Net.IPAddress address in Remote.Addresses) Pod.WaitForPing(address);
        A.Run("iptables-nft", "-P", "FORWARD", "DROP").EnsureSuccess();
        Waiting.For(() => Saved("nft").Contains("-j OVERLAY-FORWARD-1", StringComparison.Ordinal));
        Pod.WaitForPing(Remote.AddressV4!);
        A.Run("iptables-nft", "-F", "FORWARD").EnsureSuccess();
        Waiting.For(() => Saved("nft").Contains("-j OVERLAY-FORWARD-1", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_anothers_to_change_is_told_with_what_to_do()
    {
        // A policy; a last rule, as hand-written tables, firewalld and old distributions' iptables end; and three that
        // let pods pass.
        A.Run("nft", """
            add table inet fw; add chain inet fw theirs { type filter hook forward priority 10; policy drop; };
            add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; };
            add rule inet firewalld filter_FORWARD ct state established accept;
            add rule inet firewalld filter_FORWARD counter log prefix "no: " reject with icmpx type admin-prohibited;
            add table ip6 six; add chain ip6 six last { type filter hook forward priority 20; policy accept; }; add rule ip6 six last meta l4proto tcp drop; add rule ip6 six last drop;
            add table ip told; add chain ip told last { type filter hook forward priority 30; policy drop; }; add rule ip told last ip saddr 10.0.0.0/8 accept;
            add table inet byname; add chain inet byname last { type filter hook forward priority 40; policy drop; }; add rule inet byname last iifname overlay.1 accept;
            add table inet some; add chain inet some last { type filter hook forward priority 50; policy accept; }; add rule inet some last ip daddr 198.51.100.1 drop
            """).EnsureSuccess();
        A.Run("iptables-nft", "-N", "refuse").EnsureSuccess();
        A.Run("iptables-nft", "-A", "refuse", "-m", "comment", "--comment", "the rest", "-j", "REJECT").EnsureSuccess();
        A.Run("iptables-nft", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")
            .EnsureSuccess();
        A.Run("iptables-nft", "-A", "FORWARD", "-j", "refuse").EnsureSuccess();
        A.Run("iptables-legacy", "-A", "FORWARD", "-s", "10.244.0.0/16", "-j", "ACCEPT").EnsureSuccess();
        A.Run("iptables-legacy", "-A", "FORWARD", "-j", "DROP").EnsureSuccess();
        A.StartDaemon().WaitReady();
        const string Consequence = "what it does not know: pods' packets that are forwarded need rules there: ";
        Warnings().ShouldBe(
            [
                $"chain theirs of table inet fw drops {Consequence}nft "
                + $"'{Accept("inet fw theirs", "ip", "10.244.0.0/16")}; "
                + $"{Accept("inet fw theirs", "ip6", "fd00:10:244::/56")}'",
                $"chain filter_FORWARD of table inet firewalld rejects {Consequence}firewall-cmd --permanent "
                + "--zone=trusted --add-source=10.244.0.0/16 --add-source=fd00:10:244::/56; firewall-cmd --reload",
                $"chain last of table ip6 six drops {Consequence}nft "
                + $"'{Accept("ip6 six last", "ip6", "fd00:10:244::/56")}'",
                "chain FORWARD of iptables-nft refuses what it does not know, before its end: pods' packets that are "
                + "forwarded need rules there: "
                    + "iptables-nft -I FORWARD -s 10.244.0.0/16 -j ACCEPT; iptables-nft -I FORWARD -d 10.244.0.0/16 "
                    + "-j ACCEPT",
            ],
            ignoreOrder: true);

        // Who does as told hears no more of it.
        A.Run("nft",
            $"delete table inet firewalld; {Accept("ip6 six last", "ip6", "fd00:10:244::/56")}; "
            + $"{Accept("inet fw theirs", "ip", "10.244.0.0/16")}; "
            + $"{Accept("inet fw theirs", "ip6", "fd00:10:244::/56")}").EnsureSuccess();
        foreach (string end in new[] { "-s", "-d" })
            A.Run("iptables-nft", "-I", "FORWARD", end, "10.244.0.0/16", "-j", "ACCEPT").EnsureSuccess();
        Waiting.For(() => Warnings().Length == 0);
    }

    [Theory]
    [InlineData("-s 10.0.0.0/8 -p icmp", true)]
    [InlineData("! -s 10.0.0.0/8", true)]
    [InlineData("-s 10.244.0.0/16 -d 198.51.100.0/24", true)]
    [InlineData("-s 10.0.0.0/8 -m comment --comment pods -i overlay.1", false)]
    public void A_rule_that_lets_only_some_of_pods_packets_pass_is_none(string conditions, bool isTold)
    {
        A.Run("iptables-nft", ["-A", "FORWARD", .. conditions.Split(' '), "-j", "ACCEPT"]).EnsureSuccess();
        A.Run("iptables-nft", "-A", "FORWARD", "-j", "REJECT").EnsureSuccess();
        A.StartDaemon().WaitReady();
        Warnings().Length.ShouldBe(isTold ? 1 : 0);
    }

    [Fact]
    public void What_a_crash_left_of_a_network_that_is_no_more_goes()
    {
        // A crash, then another number and no IPv6 any more; beside it tables that only look alike.
        foreach (string tool in new[] { "iptables-nft", "ip6tables-legacy" })
            A.Run(tool, "-P", "FORWARD", "DROP").EnsureSuccess();
        A.Run("nft", "add table ip overlay-7; add table ip6 overlay-x").EnsureSuccess();
        DaemonProcess daemon = A.StartDaemon("--Network:Vni", "6");
        daemon.WaitReady();
        daemon.Kill();
        A.Run("iptables-nft", "-S").Output.ShouldContain("OVERLAY-FORWARD-6");
        daemon = A.StartDaemon("--Network:Vni", "5", "--Network:CidrV6", "", "--SubnetV6", "");
        daemon.WaitReady();
        A.Run("nft", "list", "tables").Output.ShouldBe(
            "table ip filter\ntable ip overlay-7\ntable ip6 overlay-x\ntable ip overlay-5\ntable ip6 overlay-5\n");
        A.Run("iptables-nft", "-S").Output.ShouldNotContain("OVERLAY-FORWARD-6");
        A.Run("ip6tables-legacy", "-S").Output.ShouldNotContain("OVERLAY-FORWARD-6");
        daemon.Stop().ShouldBe(0);
        A.Run("iptables-nft", "-S").Output.ShouldNotContain("OVERLAY");
    }

    private static string Accept(string chain, string address, string cluster) =>
        $"insert rule {chain} {address} saddr {cluster} accept; insert rule {chain} {address} daddr {cluster} accept";

    private string Saved(string variant) =>
        string.Join('\n', A.Run($"iptables-{variant}-save", "-t", "filter").EnsureSuccess().Output
        .Split('\n').Where(static line => !line.StartsWith('#')).Select(static line => line.Split(" [")[0]));

    private string[] Warnings() => Cluster.Texts(A, "warnings");
}
