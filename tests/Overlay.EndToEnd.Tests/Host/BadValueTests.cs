using System.Text.Json.Nodes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>
/// Each bad value ends overlayd with one line that names key, value and an example, and with exit code 78.
/// </summary>
/// <remarks>Nothing but the configuration differs between them, so they share a node.</remarks>
public class BadValueTests(RefusedStarts starts) : IClassFixture<RefusedStarts>
{
    private Node Node => starts.Node;

    /// <summary>
    /// Where in the section Overlay, the bad value as JSON, and what the line must name besides the key.
    /// </summary>
    public static TheoryData<string, string, string> Table => new()
    {
        { "NodeName", "\"a/b\"", "a/b" },
        { "NodeName", "\"node-\"", "node-" },
        { "Interface", "\"eth0/1\"", "eth0/1" },
        { "Interface", "\"an-interface-of-16\"", "an-interface-of-16" },
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
        Node.WriteConfig(overlay => RefusedStarts.Replace(overlay, key, JsonNode.Parse(json)));
        string line = starts.LineOfRefusedStart();
        line.ShouldContain(json.StartsWith('{') || json.StartsWith('[') || line.Contains(
            " overlaps ", StringComparison.Ordinal) || line.Contains(" is outside ", StringComparison.Ordinal)
            ? $"Overlay:{key}"
            : $"Overlay:{key} '{json.Trim('"')}'");
        line.ShouldContain(named);
    }

    [Fact]
    public void A_cluster_cidr_that_holds_the_underlay_is_refused_with_both_prefixes()
    {
        Node.WriteConfig(overlay =>
        {
            RefusedStarts.Replace(overlay, "Network:Cidr", "192.168.0.0/16");
            RefusedStarts.Replace(overlay, "Subnet", "192.168.1.0/24");
        });
        string line = starts.LineOfRefusedStart();
        line.ShouldContain("192.168.0.0/16");
        line.ShouldContain("192.168.77.0/24");
    }

    [Fact]
    public void A_log_level_that_does_not_exist_is_named()
    {
        Node.WriteConfig();
        starts.LineOfRefusedStart("--Serilog:MinimumLevel", "Loud").ShouldContain("Loud");
    }

    [Theory]
    [InlineData("{ \"Overlay\": ", "overlay.json")]
    [InlineData("[]", "overlay.json")]
    [InlineData("{ \"Network\": { \"Cidr\": \"10.244.0.0/16\" } }", "'Network'")]
    public void A_file_that_is_no_json_object_is_named(string content, string named)
    {
        File.WriteAllText(Node.ConfigPath, content);
        starts.LineOfRefusedStart().ShouldContain(named);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        Node.WriteConfig();
        starts.LineOfRefusedStart("--config", "/nonexistent/overlay.json").ShouldContain("/nonexistent/overlay.json");
    }

    [Fact]
    public void An_argument_that_is_no_key_is_named()
    {
        Node.WriteConfig();
        starts.LineOfRefusedStart("verbose").ShouldContain("verbose");
    }

    [Fact]
    public void Command_line_wins_over_the_file_and_is_checked_alike()
    {
        Node.WriteConfig();
        starts.LineOfRefusedStart("--Network:Vni", "99999999").ShouldContain("Overlay:Network:Vni '99999999'");
    }
}
