using System.Text;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseJsonTests
{
    private const string Ipv4Text =
        """{"Subnet":"10.244.2.0/24","SubnetV6":null,"PublicIP":"192.168.77.2","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}}""";

    private const string DualText =
        """{"Subnet":"10.244.2.0/24","SubnetV6":"fd00:10:244:2::/64","PublicIP":"192.168.77.2","PublicIPv6":"fd77::2","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:02"},"BackendV6Data":{"VNI":1,"VtepMAC":"02:00:00:00:06:02"}}""";

    [Fact]
    public void Writes_the_bytes_of_the_contract()
    {
        Encoding.UTF8.GetString(LeaseJson.Format(Ipv4("b", 2))).ShouldBe(Ipv4Text);
        Encoding.UTF8.GetString(LeaseJson.Format(Dual("b", 2))).ShouldBe(DualText);
    }

    [Fact]
    public void Writes_an_absent_MAC_as_an_empty_one() =>
        Encoding.UTF8.GetString(LeaseJson.Format(Ipv4("b", 2) with { BackendData = new(new Vni(1), null) }))
            .ShouldEndWith(""""BackendData":{"VNI":1,"VtepMAC":""}}"""");

    [Fact]
    public void A_lease_has_a_bound()
    {
        string longest = Ipv4Text.PadRight(LeaseJson.MostBytes);
        Parse(longest).ShouldBe(Ipv4("b", 2));
        LeaseJson.TryParse("b", Encoding.UTF8.GetBytes(longest + " "), out _, out string? error).ShouldBeFalse();
        error.ShouldBe("has 65537 bytes, more than the 65536 a lease may have");
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_lease_has_64_levels_at_most(int levels, bool isRead)
    {
        string nested = new string('[', levels - 1) + new string(']', levels - 1);
        string text = $"{Ipv4Text[..^1]},\"x\":{nested}}}";
        LeaseJson.TryParse("b", Encoding.UTF8.GetBytes(text), out _, out string? error).ShouldBe(isRead, error);
    }

    [Fact]
    public void Reads_what_it_writes()
    {
        Lease ipv6 = Dual("b", 2) with { PublicIp = null, Subnet = null, BackendData = null };
        foreach (Lease lease in new[] { Ipv4("b", 2), Dual("b", 2), ipv6, Ipv4("b", 2)
            with { BackendData = new(new Vni(Vni.Max), null) } })
            Parse(Encoding.UTF8.GetString(LeaseJson.Format(lease))).ShouldBe(lease);
    }

    [Fact]
    public void Reads_what_flannel_wrote_with_pod_CIDRs_added()
    {
        const string text =
            """{"Subnet":"10.244.13.0/24","SubnetV6":"fd00:10:244:3e::/64","PublicIP":"192.168.77.1","PublicIPv6":"fd77::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"22:09:62:2c:87:7b"},"BackendV6Data":{"VNI":1,"VtepMAC":"76:6a:49:5c:67:9d"}}""";

        Parse(text).ShouldBe(new Lease
        {
            Node = "b",
            Subnet = Prefix("10.244.13.0/24"),
            SubnetV6 = Prefix("fd00:10:244:3e::/64"),
            PublicIp = Address("192.168.77.1"),
            PublicIpV6 = Address("fd77::1"),
            BackendData = Vtep("22:09:62:2c:87:7b"),
            BackendV6Data = Vtep("76:6a:49:5c:67:9d"),
        });
    }

    [Fact]
    public void Names_are_read_in_any_case_and_unknown_ones_ignored() =>
        Parse("""{ "subnet":"10.244.2.0/24", "publicip":"192.168.77.2", "More":[{}], "BACKENDTYPE":"vxlan", "backenddata":{"vni":1,"vtepmac":"02:00:00:00:00:02","X":1} }""")
            .ShouldBe(Ipv4("b", 2));

    [Fact]
    public void A_byte_order_mark_is_passed_over() => Parse('\ufeff' + Ipv4Text).ShouldBe(Ipv4("b", 2));

    [Theory]
    [InlineData("""{"VNI":1,"VtepMAC":""}""")]
    [InlineData("""{"VNI":1,"VtepMAC":null}""")]
    [InlineData("""{"VNI":1}""")]
    public void An_empty_MAC_is_not_ready_and_no_error(string data) =>
        Parse(Ipv4Text.Replace("""{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}""", data)).BackendData.ShouldBe(new VtepData(new Vni(1), null));

    [Theory]
    [InlineData("""{"VtepMAC":"02:00:00:00:00:02"}""")]
    [InlineData("""{"VNI":null,"VtepMAC":"02:00:00:00:00:02"}""")]
    public void A_lease_without_a_VNI_is_read_as_flannel_before_0_14_wrote_it_and_written_without_one(string data)
    {
        Lease lease = Parse(Ipv4Text.Replace("""{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}""", data));

        lease.BackendData.ShouldBe(new VtepData(null, MacAddress.Parse("02:00:00:00:00:02")));
        Encoding.UTF8.GetString(LeaseJson.Format(lease))
            .ShouldEndWith(""""BackendData":{"VtepMAC":"02:00:00:00:00:02"}}"""");
    }

    [Theory]
    [InlineData("02-00-00-00-00-02")]
    [InlineData("0200.0000.0002")]
    public void A_MAC_is_read_in_every_form_that_flannel_reads(string mac) =>
        Parse(Ipv4Text.Replace("02:00:00:00:00:02", mac)).ShouldBe(Ipv4("b", 2));

    [Fact]
    public void Another_backends_data_is_not_looked_into()
    {
        Lease lease = Parse("""{"Subnet":"10.244.2.0/24","PublicIP":"192.168.77.2","BackendType":"wireguard","BackendData":{"PublicKey":"x"}}""");

        lease.BackendType.ShouldBe("wireguard");
        lease.BackendData.ShouldBeNull();
    }

    [Theory]
    [InlineData("\"10.244.2.0/24\"", "5", "Subnet is 5, not an IPv4 prefix such as \"10.244.2.0/24\"")]
    [InlineData("\"10.244.2.0/24\"", "\"10.244.2.9/24\"",
        "Subnet is \"10.244.2.9/24\", which has host bits set; the prefix is \"10.244.2.0/24\"")]
    [InlineData("\"10.244.2.0/24\"", "\"10.244.2.0/33\"",
        "Subnet is \"10.244.2.0/33\", not an IPv4 prefix such as \"10.244.2.0/24\"")]
    [InlineData("\"10.244.2.0/24\"", "\"\"", "Subnet is \"\", not an IPv4 prefix such as \"10.244.2.0/24\"")]
    [InlineData(
        "\"10.244.2.0/24\"", "\"fd00::/64\"", "Subnet is \"fd00::/64\", not an IPv4 prefix such as \"10.244.2.0/24\"")]
    [InlineData("\"fd00:10:244:2::/64\"", "\"fd00:10:244:2::1/64\"",
        "SubnetV6 is \"fd00:10:244:2::1/64\", which has host bits set; the prefix is \"fd00:10:244:2::/64\"")]
    [InlineData("\"fd00:10:244:2::/64\"", "[]", "SubnetV6 is [], not an IPv6 prefix such as \"fd00:10:244:2::/64\"")]
    [InlineData(
        "\"192.168.77.2\"", "\"192.168.77\"", "PublicIP is \"192.168.77\", not an IPv4 address such as \"192.0.2.2\"")]
    [InlineData("\"192.168.77.2\"", "true", "PublicIP is true, not an IPv4 address such as \"192.0.2.2\"")]
    [InlineData("\"fd77::2\"", "\"192.168.77.2\"",
        "PublicIPv6 is \"192.168.77.2\", not an IPv6 address such as \"2001:db8::2\"")]
    [InlineData("\"fd77::2\"", "\"\\ud800\"", "PublicIPv6 is \"\\ud800\", not an IPv6 address such as \"2001:db8::2\"")]
    [InlineData("\"vxlan\"", "null", "BackendType is null, not a backend's name such as \"vxlan\"")]
    [InlineData("{\"VNI\":1,\"VtepMAC\":\"02:00:00:00:00:02\"}", "\"x\"",
        "BackendData is \"x\", not an object such as {\"VNI\":1,\"VtepMAC\":\"02:00:00:00:00:02\"}")]
    [InlineData("\"VNI\":1,\"VtepMAC\":\"02:00:00:00:00", "\"VNI\":16777216,\"VtepMAC\":\"02:00:00:00:00",
        "BackendData.VNI is 16777216, not a number from 0 to 16777215 such as 1")]
    [InlineData("\"VNI\":1,\"VtepMAC\":\"02:00:00:00:00", "\"VNI\":-1,\"VtepMAC\":\"02:00:00:00:00",
        "BackendData.VNI is -1, not a number from 0 to 16777215 such as 1")]
    [InlineData("\"VNI\":1,\"VtepMAC\":\"02:00:00:00:00", "\"VNI\":\"1\",\"VtepMAC\":\"02:00:00:00:00",
        "BackendData.VNI is \"1\", not a number from 0 to 16777215 such as 1")]
    [InlineData("02:00:00:00:06:02", "02:00:00:00:06",
        "BackendV6Data.VtepMAC is \"02:00:00:00:06\", not a MAC address such as \"02:00:00:00:00:02\"")]
    public void A_wrong_value_is_named_with_a_right_example(string right, string wrong, string message) =>
        ErrorOf(DualText.Replace(right, wrong, StringComparison.Ordinal)).ShouldBe(message);

    [Theory]
    [InlineData("", "is empty, not an object such as {")]
    [InlineData("null", "is a JSON Null, not an object such as {")]
    [InlineData("[1]", "is a JSON Array, not an object such as {")]
    [InlineData("{\"Subnet\":\"10.2", "is not JSON (")]
    [InlineData("{} {}", "is not JSON (")]
    [InlineData("{\"\\ud800\":1}", "")]
    [InlineData("{}", "BackendType is missing; it should be a backend's name such as \"vxlan\"")]
    [InlineData("{\"BackendType\":\"vxlan\",\"PublicIP\":\"192.0.2.2\"}", "Subnet and SubnetV6 are both absent")]
    [InlineData("{\"BackendType\":\"vxlan\",\"Subnet\":\"10.244.2.0/24\"}", "PublicIP and PublicIPv6 are both absent")]
    public void A_document_that_is_no_lease_is_refused(string text, string message) =>
        ErrorOf(text).ShouldStartWith(message);

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        LeaseJson.TryParse("b", [(byte)'"', 0xff, (byte)'"'], out _, out string? error).ShouldBeFalse();
        error.ShouldStartWith("is not UTF-8 text");
    }

    [Fact]
    public void A_long_wrong_value_is_cut_and_shown_on_one_line()
    {
        string error = ErrorOf(DualText.Replace("\"fd77::2\"", "[\n" + new string('1', 1000) + "]"));

        error.Length.ShouldBeLessThan(200);
        error.ShouldNotContain('\n');
    }

    private static Lease Parse(string text)
    {
        LeaseJson.TryParse("b", Encoding.UTF8.GetBytes(text), out Lease? lease, out string? error).ShouldBeTrue(error);
        return lease.ShouldNotBeNull();
    }

    private static string ErrorOf(string text)
    {
        LeaseJson.TryParse("b", Encoding.UTF8.GetBytes(text), out _, out string? error).ShouldBeFalse();
        return error.ShouldNotBeNull();
    }
}
