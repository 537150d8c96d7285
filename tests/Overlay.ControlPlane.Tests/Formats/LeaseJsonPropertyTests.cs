using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Tests;

public class LeaseJsonPropertyTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(5000);

    // Pieces of JSON and of leases: glued together they get much further into the parser than noise does.
    private static readonly string[] _pieces =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "1", "-1", "1e999", "16777216", "\"\"", "\"\\ud800\"",
        "\"\\u0000\"", "\"Subnet\"", "\"SubnetV6\"", "\"PublicIP\"", "\"PublicIPv6\"", "\"BackendType\"",
        "\"BackendData\"", "\"BackendV6Data\"", "\"VNI\"", "\"VtepMAC\"", "\"vxlan\"", "\"10.244.2.0/24\"",
        "\"10.244.2.1/24\"", "\"/\"", "\"::/999\"", "\"::1%1/64\"", "\"192.168.77.2\"", "\"02:00:00:00:00:02\"", " ",
        "\n", "\ufeff", "\u001b",
    ];

    [Fact]
    public void No_bytes_make_it_throw() =>
        Check.One(_config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), AnswersOneWayOrTheOther));

    [Fact]
    public void No_mixture_of_pieces_makes_it_throw() =>
        Check.One(_config, Prop.ForAll(
            Gen.Elements(_pieces)
                .ArrayOf().Select(static pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))).ToArbitrary(),
            AnswersOneWayOrTheOther));

    [Fact]
    public void No_value_in_any_field_makes_it_throw() =>
        Check.One(_config, Prop.ForAll(
            Gen.Elements(_pieces).ArrayOf(7).Select(static v => Encoding.UTF8.GetBytes(
                $$"""{"Subnet":{{v[0]}},"SubnetV6":{{v[1]}},"PublicIP":{{v[2]}},"PublicIPv6":{{v[3]}},"BackendType":"vxlan","BackendData":{"VNI":{{v[4]}},"VtepMAC":{{v[5]}}},"BackendV6Data":{{v[6]}}}"""))
                .ToArbitrary(),
            AnswersOneWayOrTheOther));

    [Fact]
    public void No_damage_to_a_good_file_makes_it_throw()
    {
        byte[] good = LeaseJson.Format(SampleLeases.Dual("b", 2));
        for (int length = 0; length < good.Length; length++)
        {
            LeaseJson.TryParse("b", good.AsSpan(0, length), out _, out _).ShouldBeFalse($"cut at {length}");
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. good];
                damaged[length] ^= (byte)(1 << bit);
                AnswersOneWayOrTheOther(damaged).ShouldBeTrue();
            }
        }
    }

    private static bool AnswersOneWayOrTheOther(byte[] json) =>
        LeaseJson.TryParse("b", json, out Lease? lease, out string? error)
            ? lease is not null && error is null
            : lease is null && error is not null;
}
