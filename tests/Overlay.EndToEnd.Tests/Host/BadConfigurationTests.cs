using System.Net;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>Each bad configuration ends overlayd with one line that names key, value and an example, and with exit code 78.</summary>
public sealed class BadConfigurationTests : IDisposable
{
    private const int BadConfiguration = 78;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);
    private static readonly string[] _separators = ["\n"];

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "badconf", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    /// <summary>Where in the section Overlay, the bad value as JSON, and what the line must name besides the key.</summary>
    public static TheoryData<string, string, string> Table => new()
    {
        { "NodeName", "\"a/b\"", "a/b" },
        { "NodeName", "\"node-\"", "node-" },
        { "Interface", "\"eth9\"", "eth9" },
        { "Interface", "\"192.0.2.77\"", "192.0.2.77" },
        { "Interface", "\"lo\"", "lo" },
        { "PublicIp", "\"300.1.1.1\"", "300.1.1.1" },
        { "PublicIp", "\"fd77::1\"", "fd77::1" },
        { "PublicIp", "\"0.0.0.0\"", "0.0.0.0" },
        { "PublicIpV6", "\"fe80::1\"", "fe80::1" },
        { "PublicIpV6", "\"192.168.77.1\"", "192.168.77.1" },
        { "Network:Cidr", "\"10.244.0.0\"", "10.244.0.0" },
        { "Network:Cidr", "\"10.244.1.0/16\"", "10.244.1.0/16" },
        { "Network:Cidr", "\"127.0.0.0/8\"", "127.0.0.0/8" },
        { "Network:Cidr", "\"224.0.0.0/8\"", "224.0.0.0/8" },
        { "Network:Cidr", "\"10.245.0.0/16\"", "Overlay:Subnet 10.244.1.0/24" },
        { "Network:CidrV6", "\"10.244.0.0/16\"", "10.244.0.0/16" },
        { "Network:SubnetLength", "16", "16" },
        { "Network:SubnetLength", "\"wide\"", "wide" },
        { "Network:SubnetLengthV6", "129", "129" },
        { "Network:Vni", "-1", "-1" },
        { "Network:Vni", "16777216", "16777216" },
        { "Network:Vni", "\"one\"", "one" },
        { "Network:Port", "0", "0" },
        { "Network:Port", "70000", "70000" },
        { "Network:Mtu", "1500", "1450" },
        { "Network:Mtu", "100", "100" },
        { "Network:DirectRouting", "\"perhaps\"", "perhaps" },
        { "Network", "\"10.244.0.0/16\"", "10.244.0.0/16" },
        { "Subnet", "\"\"", "Subnet" },
        { "Subnet", "\"10.244.1.7/24\"", "10.244.1.7/24" },
        { "Subnet", "\"10.244.1.0/25\"", "10.244.1.0/25" },
        { "Subnet", "\"10.250.1.0/24\"", "10.244.0.0/16" },
        { "SubnetV6", "\"10.244.1.0/24\"", "10.244.1.0/24" },
        { "ServiceCidrs", "[ \"10.244.128.0/20\" ]", "Overlay:Network:Cidr 10.244.0.0/16" },
        { "ServiceCidrs", "[ \"10.96.0.0\" ]", "10.96.0.0" },
        { "ServiceCidrs", "\"10.96.0.0/12\"", "10.96.0.0/12" },
        { "ServiceCidrs", "[ \"192.168.0.0/16\" ]", "192.168.77.0/24" },
        { "ControlPlane:Kind", "\"Consul\"", "File, Etcd, Kubernetes" },
        { "ControlPlane:HoldSeconds", "-1", "-1" },
        { "ControlPlane:Etcd", "{ \"Endpoint\": \"http://127.0.0.1:2379\" }", "Overlay:ControlPlane:Etcd:Endpoint" },
        { "ControlPlane:File:Directory", "\"leases\"", "leases" },
        { "SubnetFile", "\"subnet.env\"", "subnet.env" },
        { "SubnetFile", "\"/run/\"", "/run/" },
        { "StateDirectory", "\"state\"", "state" },
        { "IpMasq", "\"maybe\"", "maybe" },
        { "Admin:Socket", "\"overlayd.sock\"", "overlayd.sock" },
        { "Admin:Socket", "\"/\"", "'/'" },
        { "Admin:Http", "\"localhost\"", "localhost" },
        { "Netwrok", "{ \"Vni\": 1 }", "Netwrok" },
        { "Network:Vnii", "1", "Vnii" },
        { "ControlPlane:File:Directroy", "\"/srv\"", "Directroy" },
        { "Admin:Sockett", "\"/run/x\"", "Sockett" },
        { "Dataplane:Queue", "1", "Queue" },
        { "Dataplane:Queues", "65", "65" },
        { "Dataplane:BusyPollMicroseconds", "1001", "1001" },
        { "Dataplane:Offloads", "[ \"Tso\" ]", "Tso" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_bad_value_is_named_with_its_key_and_ends_the_start(string key, string json, string named)
    {
        Node.WriteConfig(overlay => Replace(overlay, key, JsonNode.Parse(json)));
        string line = LineOfRefusedStart();
        line.ShouldContain(json.StartsWith('{') || json.StartsWith('[') || line.Contains(" overlaps ", StringComparison.Ordinal) || line.Contains(" is outside ", StringComparison.Ordinal)
            ? $"Overlay:{key}"
            : $"Overlay:{key} '{json.Trim('"')}'");
        line.ShouldContain(named);
    }

    [Fact]
    public void A_cluster_cidr_that_holds_the_underlay_is_refused_with_both_prefixes()
    {
        Node.WriteConfig(overlay =>
        {
            Replace(overlay, "Network:Cidr", "192.168.0.0/16");
            Replace(overlay, "Subnet", "192.168.1.0/24");
        });
        string line = LineOfRefusedStart();
        line.ShouldContain("192.168.0.0/16");
        line.ShouldContain("192.168.77.0/24");
    }

    [Fact]
    public void A_pod_cidr_that_another_node_holds_is_refused_with_both_names()
    {
        new VxlanPeer(Node.PodCidrV4, IPAddress.Parse("192.168.77.2"), "02:00:00:00:04:02", null, null, null)
            .Write(Path.Combine(_lab.LeaseDirectory, "earlier.json"), 1);
        Node.WriteConfig();
        string line = LineOfRefusedStart();
        line.ShouldContain("node a");
        line.ShouldContain("node earlier");
        line.ShouldContain("10.244.1.0/24");
    }

    [Fact]
    public void A_public_address_that_another_node_has_is_refused_with_both_names()
    {
        new VxlanPeer(IPNetwork.Parse("10.244.7.0/24"), Node.UnderlayV4, "02:00:00:00:04:02", null, null, null)
            .Write(Path.Combine(_lab.LeaseDirectory, "earlier.json"), 1);
        Node.WriteConfig();
        string line = LineOfRefusedStart();
        line.ShouldContain("node earlier");
        line.ShouldContain("192.168.77.1");
    }

    [Fact]
    public void A_route_of_somebody_else_where_ours_belongs_is_named_and_stays()
    {
        Node.Ip("route add 10.244.0.0/16 via 192.168.77.250 proto static");
        Node.WriteConfig();
        string line = LineOfRefusedStart();
        line.ShouldContain("Overlay:Network:Cidr '10.244.0.0/16'");
        line.ShouldNotContain("delete", customMessage: "it is not ours to give away");
        Node.Run("ip", "route").Output.ShouldContain("10.244.0.0/16 via 192.168.77.250 dev eth0 proto static");
        Node.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void A_file_in_the_place_of_the_admin_socket_is_named_and_stays()
    {
        File.WriteAllText(Node.Socket, "precious");
        Node.WriteConfig();
        LineOfRefusedStart().ShouldContain(Node.Socket);
        File.ReadAllText(Node.Socket).ShouldBe("precious");
    }

    [Fact]
    public void A_log_level_that_does_not_exist_is_named()
    {
        Node.WriteConfig();
        LineOfRefusedStart("--Serilog:MinimumLevel", "Loud").ShouldContain("Loud");
    }

    [Theory]
    [InlineData("{ \"Overlay\": ", "overlay.json")]
    [InlineData("[]", "overlay.json")]
    [InlineData("{ \"Network\": { \"Cidr\": \"10.244.0.0/16\" } }", "'Network'")]
    public void A_file_that_is_no_json_object_is_named(string content, string named)
    {
        File.WriteAllText(Node.ConfigPath, content);
        LineOfRefusedStart().ShouldContain(named);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        Node.WriteConfig();
        LineOfRefusedStart("--config", "/nonexistent/overlay.json").ShouldContain("/nonexistent/overlay.json");
    }

    [Fact]
    public void An_argument_that_is_no_key_is_named()
    {
        Node.WriteConfig();
        LineOfRefusedStart("verbose").ShouldContain("verbose");
    }

    [Fact]
    public void Command_line_wins_over_the_file_and_is_checked_alike()
    {
        Node.WriteConfig();
        LineOfRefusedStart("--Network:Vni", "99999999").ShouldContain("Overlay:Network:Vni '99999999'");
    }

    public void Dispose() => _lab.Dispose();

    private string LineOfRefusedStart(params string[] arguments)
    {
        DaemonProcess daemon = Node.StartDaemon(arguments);
        daemon.WaitForExit(_limit).ShouldBeTrue($"overlayd runs with a bad configuration: {daemon.Log}");
        daemon.ExitCode.ShouldBe(BadConfiguration, daemon.Log);
        daemon.Log.ShouldNotContain("   at ");
        string line = daemon.Log.Split(_separators, StringSplitOptions.RemoveEmptyEntries)
            .Where(text => text.StartsWith("overlayd: bad configuration: ", StringComparison.Ordinal))
            .ShouldHaveSingleItem(daemon.Log);
        line.ShouldContain("example: ");
        Node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1", customMessage: "a refused start leaves no device");
        return line;
    }

    private static void Replace(JsonObject overlay, string key, JsonNode? value)
    {
        string[] path = key.Split(':');
        JsonObject parent = path[..^1].Aggregate(overlay, (section, name) => section[name]!.AsObject());
        parent[path[^1]] = value;
    }
}
