using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>Faults of a host, found before the daemon runs and beside it.</summary>
public sealed class DoctorTests
{
    [Fact]
    public void A_sound_host_has_no_problem_and_faults_are_named_with_their_mend()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "doctor" });
        Node a = cluster["a"];
        Doctor(a).Where(static check => check.Severity == "problem").ShouldBeEmpty();
        Doctor(a).ShouldContain(static check => check.Severity == "ok" && check.Check == "store");
        CommandResult wide = a.Overlayctl("doctor", "-o", "wide");
        wide.Output.ShouldMatch(@"(?m)^ok +peers +none is refused *$");
        wide.Output.ShouldMatch(@"(?m)^ok +ways to peers +probes to 1 peers and back are not lost");
        wide.ExitCode.ShouldBeOneOf(0, 4);

        Run(a, "nft", "add table inet fw; add chain inet fw f { type filter hook forward priority 0; policy drop; }");
        CommandResult table = a.Overlayctl("doctor");
        table.Output.ShouldMatch(@"(?m)^warning +(packet filter|node) +chain f of table inet fw drops .*nft ");
        table.Output.ShouldNotMatch(@"(?m)^ok ");
        table.ExitCode.ShouldBe(4);
        a.Set("net/ipv4/ip_forward", "0");
        Waiting.For(() => Doctor(a).Any(static check => check.Severity == "problem"
            && check.Text.StartsWith("net.ipv4.ip_forward is 0: ", StringComparison.Ordinal)), 30);
        Doctor(a).Count(static check => check.Text.Contains("ip_forward", StringComparison.Ordinal)).ShouldBe(1);
        a.Overlayctl("doctor").Output
            .ShouldMatch(@"(?m)^problem +node +net\.ipv4\.ip_forward is 0: .*sysctl -w net\.ipv4\.ip_forward=1");
        a.Set("net/ipv4/ip_forward", "1");

        Run(cluster["b"], "nft", "add table inet deaf; add chain inet deaf i { type filter hook input priority 0; }; "
            + "add rule inet deaf i udp dport 8472 drop");
        a.Overlayctl("doctor").Output.ShouldMatch(@"(?m)^warning +ways to peers +nothing came back from 10\.244\.2\.0 of node b");

        a.Ip("link set overlay.1 down");
        Waiting.For(() => Doctor(a).Any(static check =>
            check.Severity == "problem" && check.Text.StartsWith("overlay.1 is down: ", StringComparison.Ordinal)), 30);
        a.Overlayctl("doctor").ExitCode.ShouldBe(1);
    }

    [Fact]
    public void The_host_is_looked_at_before_a_daemon_runs_and_stays_as_it_is()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "check", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        string before = State(node);
        string sound = Check(node, 0, 4);
        sound.ShouldMatch(@"(?m)^ok +port +UDP port 8472 of 192\.168\.77\.1 is free$");
        sound.ShouldMatch(@"(?m)^ok +mtu +eth0 takes 1500 bytes, which leaves pods 1430$");
        State(node).ShouldBe(before);
        node.Overlayctl("doctor").Error.ShouldContain("overlayd check looks at the host without a daemon");
        node.Overlayctl("doctor").ExitCode.ShouldBe(3);

        node.Set("net/ipv4/ip_forward", "0");
        node.Ip("link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.77.1 dev eth0", "link set flannel.1 up",
            "link set eth0 mtu 1290", "link add docker0 type bridge", "address add 10.244.200.1/24 dev docker0",
            "link set docker0 up");
        string sick = Check(node, 1);
        sick.ShouldMatch(@"(?m)^PROBLEM +port +UDP port 8472 of 192\.168\.77\.1 cannot be had .* ip -d link show type vxlan ");
        sick.ShouldMatch(@"(?m)^warning +forwarding +net\.ipv4\.ip_forward is 0: .*sysctl -w net\.ipv4\.ip_forward=1");
        sick.ShouldMatch(@"(?m)^PROBLEM +mtu +.*has MTU 1290");
        sick.ShouldMatch(@"(?m)^warning +flannel +flannel\.1 is left of flannel .*ip link delete flannel\.1$");
        sick.ShouldMatch(@"(?m)^warning +address plan +the network 10\.244\.200\.0/24 of docker0 overlaps ");
    }

    [Fact]
    public void The_port_of_a_stopped_flannel_is_no_problem_where_the_daemon_takes_over()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "checktake", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        node.WriteConfig(static overlay => overlay["ControlPlane"] = new JsonObject { ["Kind"] = "Etcd" });
        node.Ip("link add flannel.1 type vxlan id 1 dstport 8472 local 192.168.77.1 dev eth0", "link set flannel.1 up");
        string output = Check(node, 0, 4);
        output.ShouldMatch(@"(?m)^ok +flannel +flannel\.1 is left of flannel, and taken over at the start$");
        output.ShouldNotMatch(@"(?m)^\S+ +port ");
    }

    [Fact]
    public void A_bad_configuration_is_named_by_the_check()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "checkbad", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        node.WriteConfig(static overlay => overlay["Network"]!["Vni"] = "many");
        Daemon(node, 78, "check").ShouldContain("Overlay:Network:Vni 'many' ");
        Daemon(node, 78, "chekc").ShouldContain("did you mean 'check'?");
    }

    private static (string Check, string Severity, string Text)[] Doctor(Node node) =>
    [
        .. JsonDocument.Parse(node.Overlayctl("doctor", "-o", "json").Output).RootElement.EnumerateArray()
            .Select(static check => (
                check.GetProperty("check").GetString()!, check.GetProperty("severity").GetString()!,
                check.GetProperty("text").GetString()!)),
    ];

    private static string Check(Node node, params int[] exitCodes) => Daemon(node, exitCodes, "check");

    private static string Daemon(Node node, int exitCode, string command) => Daemon(node, [exitCode], command);

    private static string Daemon(Node node, int[] exitCodes, string command)
    {
        if (!File.Exists(node.ConfigPath)) node.WriteConfig();
        CommandResult result = node.Run(ProductBinary.Find("overlayd"), command, "--config", node.ConfigPath);
        exitCodes.ShouldContain(result.ExitCode, result.Output + result.Error);
        return result.Output + result.Error;
    }

    private static string State(Node node) => string.Concat(
        node.Run("ip", "address").Output, node.Run("ip", "route").Output, node.Run("ip", "-6", "route").Output,
        node.Run("nft", "list", "ruleset").Output);

    private static void Run(Node node, params string[] command) =>
        node.Run(command[0], command[1..]).EnsureSuccess();
}
