using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class LeaseValueTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(5000);
    private static readonly SubnetKey _key = new(IpPrefix.Parse("10.244.2.0/24"), null);

    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "1", "-1", "1e999", "\"\"", "\"\\ud800\"", "\"PublicIP\"",
        "\"PublicIPv6\"", "\"BackendType\"", "\"BackendData\"", "\"BackendV6Data\"", "\"VNI\"", "\"VtepMAC\"",
        "\"vxlan\"", "\"192.168.77.2\"", "\"fd77::2\"", "\"02:00:00:00:00:02\"", "{\"VNI\":1,\"VtepMAC\":\"\"}", " ",
        "\ufeff",
    ];

    // What a real flannel pair wrote into etcd, byte for byte.
    public static TheoryData<string, string> FlannelPair => new()
    {
        {
            "10.244.13.0-24&fd00:10:244:3e::-64",
            """{"PublicIP":"192.168.77.1","PublicIPv6":"fd77::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"22:09:62:2c:87:7b"},"BackendV6Data":{"VNI":1,"VtepMAC":"76:6a:49:5c:67:9d"}}"""
        },
        {
            "10.244.15.0-24&fd00:10:244:32::-64",
            """{"PublicIP":"192.168.77.2","PublicIPv6":"fd77::2","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"ba:e2:98:10:44:7d"},"BackendV6Data":{"VNI":1,"VtepMAC":"2a:61:8c:b8:bf:10"}}"""
        },
        {
            "10.5.52.0-24",
            """{"PublicIP":"192.168.64.3","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"7e:4a:12:9b:00:3c"}}"""
        },
    };

    [Theory]
    [MemberData(nameof(FlannelPair))]
    public void Flannels_value_is_read_and_written_byte_for_byte(string text, string value)
    {
        SubnetKey.TryParse(Encoding.UTF8.GetBytes(text), out SubnetKey? key).ShouldBeTrue();
        LeaseValue read = LeaseValue.Read(key!, Encoding.UTF8.GetBytes(value), isReservation: false);
        read.Problem.ShouldBeNull();
        Lease lease = read.Lease.ShouldNotBeNull();
        lease.PodCidrs.ShouldBe(key!.Prefixes);
        lease.Node.ShouldBe(key.NodeName);
        Encoding.UTF8.GetString(LeaseValue.Format(lease)).ShouldBe(value);
    }

    [Theory]
    [InlineData("""{"PublicIP":"192.168.77.2"}""", true, null)]
    [InlineData("""{"PublicIP":"192.168.77.2","BackendType":""}""", true, null)]
    [InlineData("""{"PublicIP":"192.168.77.2"}""", false, "BackendType is missing")]
    [InlineData("""{}""", true, "BackendType is missing")]
    [InlineData("""{"PublicIP":"192.168.77","BackendType":"vxlan"}""", false, "PublicIP is \"192.168.77\", not an IPv4 address such as \"192.0.2.2\"")]
    [InlineData("""{"BackendType":"vxlan"}""", false, "PublicIP and PublicIPv6 are both absent")]
    [InlineData("", false, "is empty, not an object such as {\"PublicIP\":")]
    [InlineData("{", false, "is not JSON")]
    public void A_value_is_no_lease_yet_or_has_a_problem(string value, bool isReservation, string? problem)
    {
        LeaseValue read = LeaseValue.Read(_key, Encoding.UTF8.GetBytes(value), isReservation);
        read.Lease.ShouldBeNull();
        if (problem is null) read.Owner.ShouldBe(IpAddress.Parse("192.168.77.2"));
        (read.Problem ?? "").ShouldContain(problem ?? "");
        (read.Problem is null).ShouldBe(problem is null);
    }

    [Fact]
    public void No_bytes_make_it_throw() =>
        Check.One(_config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), MakesSense));

    [Fact]
    public void No_mixture_of_pieces_makes_it_throw() => Check.One(_config, Prop.ForAll(
        Gen.Elements(_pieces).ArrayOf()
            .Select(static pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))).ToArbitrary(), MakesSense));

    [Fact]
    public void No_value_in_any_field_makes_it_throw() => Check.One(_config, Prop.ForAll(
        Gen.Elements(_pieces).ArrayOf(5).Select(static v => Encoding.UTF8.GetBytes(
            $$"""{"PublicIP":{{v[0]}},"PublicIPv6":{{v[1]}},"BackendType":{{v[2]}},"BackendData":{{v[3]}},"BackendV6Data":{{v[4]}}}""")).ToArbitrary(), MakesSense));

    private static bool MakesSense(byte[] value) => new[] { true, false }.All(isReservation =>
    {
        LeaseValue read = LeaseValue.Read(_key, value, isReservation);
        return read.Lease is null ? isReservation || read.Problem is not null : read.Problem is null;
    });
}
