using System.Text;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class NetConfTests
{
    // As a real flannel pair had it in etcd.
    private const string FlannelPair =
        """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/56","SubnetLen":24,"SubnetMin":"10.244.10.0","SubnetMax":"10.244.20.0","Backend":{"Type":"vxlan","VNI":1,"Port":8472,"DirectRouting":false}}""";

    [Fact]
    public void What_a_real_flannel_pair_used_is_read()
    {
        NetworkSettings settings = Parsed(FlannelPair);
        settings.Cidr.ShouldBe(IpPrefix.Parse("10.244.0.0/16"));
        settings.CidrV6.ShouldBe(IpPrefix.Parse("fd00:10:244::/56"));
        (settings.SubnetLength, settings.SubnetLengthV6).ShouldBe((24, 64));
        (settings.SubnetMin, settings.SubnetMax)
            .ShouldBe((IpPrefix.Parse("10.244.10.0/24"), IpPrefix.Parse("10.244.20.0/24")));
        (settings.SubnetMinV6, settings.SubnetMaxV6)
            .ShouldBe((IpPrefix.Parse("fd00:10:244:1::/64"), IpPrefix.Parse("fd00:10:244:ff::/64")));
        (settings.Vni, settings.Port, settings.UnderlayMtu, settings.DirectRouting)
            .ShouldBe((new Vni(1), (ushort)8472, 0, false));
    }

    [Fact]
    public void A_document_has_a_bound()
    {
        string longest = FlannelPair.PadRight(NetConf.MostBytes);
        Parsed(longest).Port.ShouldBe((ushort)8472);
        NetConf.TryParse(Encoding.UTF8.GetBytes(longest + " "), out _, out string? error).ShouldBeFalse();
        error.ShouldNotBeNull().ShouldStartWith("has 65537 bytes, more than the 65536 it may have");
    }

    [Fact]
    public void Every_default_is_flannels()
    {
        NetworkSettings settings = Parsed("""{"Network":"10.0.0.0/8","Backend":{"Type":"vxlan"}}""");
        settings.CidrV6.ShouldBeNull();
        (settings.SubnetMin, settings.SubnetMax)
            .ShouldBe((IpPrefix.Parse("10.0.1.0/24"), IpPrefix.Parse("10.255.255.0/24")));
        (settings.SubnetMinV6, settings.SubnetMaxV6, settings.SubnetLengthV6).ShouldBe((null, null, 0));
        (settings.Vni, settings.Port, settings.UnderlayMtu, settings.DirectRouting)
            .ShouldBe((new Vni(1), (ushort)8472, 0, false));
    }

    [Fact]
    public void Every_backend_option_is_taken()
    {
        NetworkSettings settings = Parsed(
            """{"Network":"10.244.0.0/16","EnableNFTables":true,"Backend":{"Type":"VXLAN","VNI":4096,"Port":4789,"MTU":9000,"DirectRouting":true,"Learning":true,"GBP":false}}""");
        (settings.Vni, settings.Port, settings.UnderlayMtu, settings.DirectRouting)
            .ShouldBe((new Vni(4096), (ushort)4789, 9000, true));
        Parsed("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","Port":0,"MTU":0}}""").Port.ShouldBe((ushort)8472);
    }

    [Fact]
    public void Names_are_read_in_any_case_and_unknown_ones_passed_over()
    {
        NetworkSettings settings = Parsed("""{"NETWORK":"10.244.0.0/16","subnetlen":26,"Other":[1],"backend":{"TYPE":"vxlan","vni":7,"MacPrefix":"0E-2A"}}""");
        (settings.SubnetLength, settings.Vni).ShouldBe((26, new Vni(7)));
    }

    [Fact]
    public void Null_is_as_good_as_absent() =>
        Parsed("""{"Network":"10.244.0.0/16","EnableIPv4":null,"SubnetLen":null,"SubnetMin":null,"IPv6Network":null,"Backend":{"Type":"vxlan","VNI":null}}""")
            .SubnetLength.ShouldBe(24);

    [Fact]
    public void Host_bits_of_a_network_are_dropped_as_flannel_does() =>
        Parsed("""{"Network":"10.244.7.9/16","Backend":{"Type":"vxlan"}}""").Cidr.ShouldBe(IpPrefix.Parse("10.244.0.0/16"));

    [Theory]
    [InlineData("10.0.0.0/22", 24)]
    [InlineData("10.0.0.0/23", 25)]
    [InlineData("10.0.0.0/28", 30)]
    public void The_subnet_length_follows_from_the_network(string network, int length) =>
        Parsed($$$"""{"Network":"{{{network}}}","Backend":{"Type":"vxlan"}}""").SubnetLength.ShouldBe(length);

    [Theory]
    [InlineData("fd00::/62", 64)]
    [InlineData("fd00::/63", 65)]
    [InlineData("fd00::/124", 126)]
    public void The_IPv6_subnet_length_follows_from_the_network(string network, int length) =>
        Parsed($$$"""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"{{{network}}}","Backend":{"Type":"vxlan"}}""").SubnetLengthV6.ShouldBe(length);

    [Theory]
    [InlineData("""{"EnableIPv4":false}""", "EnableIPv4 and EnableIPv6 are both false")]
    [InlineData("""{"EnableIPv4":"yes"}""", "EnableIPv4 is \"yes\", not true or false")]
    [InlineData("""{}""", "Network is missing; it should be an IPv4 prefix such as \"10.244.0.0/16\"")]
    [InlineData("""{"Network":"10.244.0.0"}""", "Network is \"10.244.0.0\", not an IPv4 prefix such as \"10.244.0.0/16\"")]
    [InlineData("""{"Network":"fd00::/56"}""", "Network is \"fd00::/56\", not an IPv4 prefix")]
    [InlineData("""{"Network":7}""", "Network is 7, not an IPv4 prefix")]
    [InlineData("""{"Network":"10.244.0.0/16","EnableIPv6":true}""", "IPv6Network is missing; it should be an IPv6 prefix such as \"fd00:10:244::/56\"")]
    [InlineData("""{"Network":"10.244.0.0/29"}""", "Network is 10.244.0.0/29, too small for four subnets; it should be a /28 or larger")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetLen":17}""", "SubnetLen is 17, which leaves room for less than four subnets in Network 10.244.0.0/16; it should be from 18 to 30 such as 24")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetLen":31}""", "SubnetLen is 31, not a number from 0 to 30 such as 24")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetLen":"24"}""", "SubnetLen is \"24\", not a number")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetLen":24.5}""", "SubnetLen is 24.5, not a number")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetLen":-1}""", "SubnetLen is -1, not a number")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetMin":"10.245.1.0"}""", "SubnetMin is 10.245.1.0, which is not inside 10.244.0.0/16; it should be such as \"10.244.1.0\"")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetMax":"10.244.1.7"}""", "SubnetMax is 10.244.1.7, which no /24 begins at; it should be such as \"10.244.1.0\"")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetMin":"10.244.9.0","SubnetMax":"10.244.8.0"}""", "SubnetMin is 10.244.9.0, which is above SubnetMax 10.244.8.0")]
    [InlineData("""{"Network":"10.244.0.0/16","SubnetMin":"fd00::"}""", "SubnetMin is \"fd00::\", not an IPv4 address")]
    [InlineData("""{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00::/56","IPv6SubnetLen":57}""", "IPv6SubnetLen is 57, which leaves room for less than four")]
    [InlineData("""{"Network":"10.244.0.0/16","IPv6SubnetMin":"10.0.0.0"}""", "IPv6SubnetMin is \"10.0.0.0\", not an IPv6 address")]
    [InlineData("""{"Network":"10.244.0.0/16"}""", "Backend is missing, which to flannel means udp")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":"vxlan"}""", "Backend is \"vxlan\", not an object such as {\"Type\":\"vxlan\",\"VNI\":1}")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{}}""", "Backend.Type is missing; it should be a backend's name such as \"vxlan\"")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"host-gw"}}""", "Backend.Type is \"host-gw\", not \"vxlan\", the only one")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","VNI":16777216}}""", "Backend.VNI is 16777216, not a number from 0 to 16777215 such as 1")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","Port":65536}}""", "Backend.Port is 65536, not a number from 0 to 65535 such as 8472")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","MTU":"1500"}}""", "Backend.MTU is \"1500\", not a number")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","GBP":true}}""", "Backend.GBP is true: nodes would mark headers")]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan","Learning":1}}""", "Backend.Learning is 1, not true or false")]
    [InlineData("""["x"]""", "is a JSON Array, not an object such as")]
    [InlineData("", "is empty, not")]
    [InlineData("{", "is not JSON")]
    public void What_is_wrong_is_named_with_an_example(string json, string error)
    {
        NetConf.TryParse(Encoding.UTF8.GetBytes(json), out NetworkSettings? settings, out string? message)
            .ShouldBeFalse();
        settings.ShouldBeNull();
        message.ShouldNotBeNull().ShouldContain(error);
    }

    [Fact]
    public void Where_subnets_come_from_elsewhere_their_rules_do_not_count()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"Network":"10.244.0.0/29","SubnetLen":30,"SubnetMin":"10.1.1.1","Backend":{"Type":"vxlan"}}""");
        NetConf.TryParseWithoutSubnets(json, out NetworkSettings? settings, out _).ShouldBeTrue();
        settings.ShouldNotBeNull().Cidr.ShouldBe(IpPrefix.Parse("10.244.0.0/29"));
        (settings.SubnetLength, settings.SubnetMin).ShouldBe((0, null));
        NetConf.TryParseWithoutSubnets("""{"Network":"10.244.0.0/16","SubnetLen":"x","Backend":{"Type":"vxlan"}}"""u8, out _, out string? error).ShouldBeFalse();
        error.ShouldNotBeNull().ShouldContain("SubnetLen is \"x\"");
    }

    private static NetworkSettings Parsed(string json)
    {
        NetConf.TryParse(Encoding.UTF8.GetBytes(json), out NetworkSettings? settings, out string? error)
            .ShouldBeTrue(error);
        return settings.ShouldNotBeNull();
    }
}
