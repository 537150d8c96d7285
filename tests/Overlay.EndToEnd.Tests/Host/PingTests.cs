using System.Globalization;
using System.Net;
using System.Text.Json;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>overlayctl ping between real daemons: what is well, what is lost, and what is said of it.</summary>
public class PingTests
{
    private static readonly LabOptions _ipv4 =
        new() { Name = "ping", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 };

    [Fact]
    public void A_sound_peer_loses_nothing_on_16_paths_and_takes_what_the_device_takes()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "ping" });
        Node a = cluster["a"];
        JsonElement report = Ping(a, 0, "b", "--count", "5", "--interval", "40");
        JsonElement[] rows = [.. report.GetProperty("peers").EnumerateArray()];
        rows.Select(static row => row.GetProperty("family").GetString()).ShouldBe(["IPv4", "IPv6"], ignoreOrder: true);
        foreach (JsonElement row in rows)
        {
            Kind(row).ShouldBe("overlay");
            row.GetProperty("way").GetString().ShouldBe("tunnel");
            (Number(row, "sent"), Number(row, "received"), Number(row, "pathCount")).ShouldBe((80, 80, 16));
            JsonElement[] paths = [.. row.GetProperty("paths").EnumerateArray()];
            paths.Select(static path => Number(path, "sourcePort")).ShouldBeUnique();
            paths.ShouldAllBe(static path => Number(path, "received") == 5);
            JsonElement rtt = row.GetProperty("rttMicroseconds");
            Number(rtt, "min").ShouldBeInRange(1, Number(rtt, "median"));
            Number(rtt, "p99").ShouldBeInRange(Number(rtt, "median"), 1_000_000);
            bool isIpv4 = row.GetProperty("family").GetString() == "IPv4";
            MtuOf(row).ShouldBe(isIpv4 ? (1450, 1450, 1500) : (1430, 1430, 1500));
            Notes(row).ShouldBeEmpty();
        }

        string table = a.Overlayctl("ping", "b").EnsureSuccess().Output;
        table.ShouldMatch(@"(?m)^b +10\.244\.2\.0 +tunnel +overlay +0% of 160 .* 16 +1450 *$");
        AdminSocket.GetLoopback(cluster["b"], 9472, "metrics").ShouldMatch(@"overlay_probes_total\{fate=""answered""\} [1-9]");
    }

    [Fact]
    public void A_pod_is_pinged_besides_its_node_and_a_local_one_alone()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingpod" });
        Node a = cluster["a"];
        JsonElement report = Ping(a, 0, cluster["b"].Pods[0].AddressV4!.ToString());
        Kind(Row(report)).ShouldBe("overlay");
        Number(report.GetProperty("pod"), "received").ShouldBe(5);
        report.GetProperty("pod").GetProperty("node").GetString().ShouldBe("b");

        JsonElement local = Ping(a, 0, a.Pods[0].AddressV4!.ToString());
        local.GetProperty("peers").GetArrayLength().ShouldBe(0);
        Number(local.GetProperty("pod"), "received").ShouldBe(5);
        Notes(local.GetProperty("pod")).ShouldContain("address of this node's own pods");

        Notes(Ping(a, 1, "10.244.2.99").GetProperty("pod")).ShouldContain("no echo came back from 10.244.2.99");
        Refusal(a, "nobody").ShouldContain("no peer is named nobody; known nodes: b");
        Refusal(a, "10.9.9.9").ShouldContain("is in no pod CIDR of the forwarding table");
        Refusal(a, "b", "--count", "0").ShouldContain("count 0 is not from 1 to 1000");
    }

    [Fact]
    public void One_ping_at_a_time_is_carried_out()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingbusy" });
        BackgroundProcess first = StartPing(cluster["a"], 50);
        Refusal(cluster["a"], "b").ShouldContain("another ping is under way");
        first.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        first.ExitCode.ShouldBe(0, first.Log);
    }

    [Fact]
    public void A_narrow_underlay_shows_as_the_largest_packet_that_comes_back()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingmtu" });
        cluster.Lab.Switch.Ip("link set port-b mtu 1400");
        JsonElement row = Row(Ping(cluster["a"], 1, "b"));
        Number(row, "received").ShouldBe(Number(row, "sent"), "small packets pass");

        // A bridge lets the bytes of VLAN tags pass beyond its port's MTU, so the kernel's own ping is the judge.
        (int bytes, int device, int needed) = MtuOf(row);
        bytes.ShouldBeInRange(1350, 1360);
        Echo(cluster["a"], bytes).EnsureSuccess();
        Echo(cluster["a"], bytes + 1).Succeeded.ShouldBeFalse();
        (device, needed).ShouldBe((1450, 1500));
        Notes(row).ShouldContain("the underlay has to take packets of 1500 bytes (1450 + 50)");
    }

    [Fact]
    public void A_direct_route_is_probed_as_pods_use_it_without_the_tunnel()
    {
        using Cluster cluster = Cluster.Start(
            _ipv4 with { Name = "pingdirect" }, overlay => overlay["Network"]!["DirectRouting"] = true);
        Waiting.For(() => Cluster.Report(cluster["a"], "peers")[0].GetProperty("path").GetString() == "direct");
        Waiting.For(() => Cluster.Report(cluster["b"], "peers")[0].GetProperty("path").GetString() == "direct");
        JsonElement row = Row(Ping(cluster["a"], 0, "b", "--count", "2"));
        (Kind(row), row.GetProperty("way").GetString()).ShouldBe(("overlay", "direct"));
        MtuOf(row).ShouldBe((1450, 1450, 1450));
    }

    [Fact]
    public void A_flannel_peer_is_pinged_by_icmp_and_named_so()
    {
        using Cluster cluster = Cluster.StartBesideKernel(new LabOptions { Name = "pingflannel" });
        JsonElement report = Ping(cluster["a"], 1, "b");
        foreach (JsonElement row in report.GetProperty("peers").EnumerateArray())
        {
            Kind(row).ShouldBe("icmp");
            Number(row, "received").ShouldBe(Number(row, "sent"));
            Notes(row).ShouldContain(
                "node b does not answer overlay probes: flannel, or an overlayd before this version; ICMP to its VTEP "
                + $"address {row.GetProperty("address").GetString()}: 10 of 10 came back");
        }

        report.GetProperty("peers").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public void A_path_that_drops_one_outer_source_port_is_seen_among_the_others()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingpath" });
        int[] ports = [.. OuterPorts(cluster["a"])];
        ports.Length.ShouldBe(16);
        Drop(cluster["b"], $"ip saddr 192.168.77.1 udp sport {ports[0]} udp dport 8472 drop", "prerouting");
        JsonElement report = Ping(cluster["a"], 1, "b");
        JsonElement row = Row(report);
        Kind(row).ShouldBe("overlay");
        JsonElement[] paths = [.. row.GetProperty("paths").EnumerateArray()];
        paths.Count(static path => Number(path, "received") == 0).ShouldBe(1, row.ToString());
        paths.Count(static path => Number(path, "received") == Number(path, "sent")).ShouldBe(15, row.ToString());
        Notes(row).ShouldContain("1 of 16 paths to b lose all");
        cluster["a"].Overlayctl("ping", "b").Output.ShouldMatch(@"1 of 16 lose[\s\S]*source port \d+: 0 of 10 came back");
    }

    [Fact]
    public void A_packet_filter_in_the_way_is_named_as_the_likely_reason()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingdrop" });
        Drop(cluster["b"], "ip daddr 10.244.2.0 udp dport 8473 drop", "input");
        JsonElement silent = Row(Ping(cluster["a"], 1, "b"));
        Kind(silent).ShouldBe("icmp");
        Notes(silent).ShouldContain("a packet filter on it that drops UDP port 8473");

        Drop(cluster["b"], "ip daddr 10.244.2.0 drop", "input");
        JsonElement dead = Row(Ping(cluster["a"], 1, "b"));
        Kind(dead).ShouldBe("none");
        Notes(dead).ShouldContain("nothing came back from 10.244.2.0 of node b, neither to probes nor to ICMP");
        Notes(dead).ShouldContain("iptables -S INPUT");
    }

    [Fact]
    public void All_peers_are_pinged_and_the_worst_comes_first()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingall", Nodes = 4 });
        JsonElement well = Ping(cluster["a"], 0, "--all");
        well.GetProperty("peers").EnumerateArray().Select(static row => row.GetProperty("node").GetString())
            .ShouldBe(["b", "c", "d"], ignoreOrder: true);
        well.GetProperty("peers").EnumerateArray().ShouldAllBe(static row => row.GetProperty("paths").GetArrayLength() == 0);

        cluster.Daemons[2].Kill();
        JsonElement[] rows = [.. Ping(cluster["a"], 1, "--all").GetProperty("peers").EnumerateArray()];
        (rows[0].GetProperty("node").GetString(), Kind(rows[0])).ShouldBe(("c", "none"));
        rows[1..].ShouldAllBe(static row => Kind(row) == "overlay" && Number(row, "received") == Number(row, "sent"));
        cluster.Daemons[0].Log.ShouldNotContain("has failed");
    }

    [Fact]
    public void A_stop_does_not_wait_for_the_ping_that_is_under_way()
    {
        using Cluster cluster = Cluster.Start(_ipv4 with { Name = "pingstop" });
        BackgroundProcess ping = StartPing(cluster["a"], 500);
        cluster.Daemons[0].Stop(TimeSpan.FromSeconds(10)).ShouldBe(0);
        ping.WaitForExit(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        ping.ExitCode.ShouldNotBe(0);
    }

    // A ping that is under way has its sockets open.
    private static BackgroundProcess StartPing(Node node, int count)
    {
        BackgroundProcess ping = node.Start(
            ProductBinary.Find("overlayctl"), "--socket", node.Socket, "ping", "b", "--count", $"{count}");
        Waiting.For(() => node.Run("ss", "-Hun", "dport = :8473").EnsureSuccess().Output.Length > 0);
        return ping;
    }

    private static CommandResult Echo(Node node, int packet) => node.Ping(
        IPAddress.Parse("10.244.2.0"), 2, "-M", "do", "-s", (packet - 28).ToString(CultureInfo.InvariantCulture));

    private static JsonElement Ping(Node node, int exitCode, params string[] arguments)
    {
        CommandResult result = node.Overlayctl(["ping", .. arguments, "--json"]);
        result.ExitCode.ShouldBe(exitCode, result.ToString());
        return JsonDocument.Parse(result.Output).RootElement;
    }

    private static string Refusal(Node node, params string[] arguments)
    {
        CommandResult result = node.Overlayctl(["ping", .. arguments]);
        result.ExitCode.ShouldBe(1, result.ToString());
        return result.Error;
    }

    // The sockets that the workers send by: all of the daemon's on the underlay but those at the VXLAN port.
    private static IEnumerable<int> OuterPorts(Node node) =>
        node.Run("ss", "-Hlun", "src", "192.168.77.1").EnsureSuccess().Output.Split('\n')
            .SelectMany(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(static word => word.StartsWith("192.168.77.1:", StringComparison.Ordinal))
            .Select(static word => int.Parse(word.Split(':')[1], CultureInfo.InvariantCulture))
            .Where(static port => port != 8472);

    private static void Drop(Node node, string rule, string hook)
    {
        foreach (string line in new[]
        {
            "add table ip lossy", $"add chain ip lossy {hook} {{ type filter hook {hook} priority -300 ; }}",
            $"add rule ip lossy {hook} {rule}",
        })
            node.Run("nft", line).EnsureSuccess();
    }

    private static JsonElement Row(JsonElement report) => report.GetProperty("peers").EnumerateArray().ShouldHaveSingleItem();

    private static string? Kind(JsonElement row) => row.GetProperty("kind").GetString();

    private static int Number(JsonElement row, string name) => row.GetProperty(name).GetInt32();

    private static (int Bytes, int Device, int Needed) MtuOf(JsonElement row)
    {
        JsonElement mtu = row.GetProperty("mtu");
        return (Number(mtu, "bytes"), Number(mtu, "device"), Number(mtu, "underlayNeeded"));
    }

    private static string Notes(JsonElement row) =>
        string.Join('\n', row.GetProperty("notes").EnumerateArray().Select(static note => note.GetString()));
}
