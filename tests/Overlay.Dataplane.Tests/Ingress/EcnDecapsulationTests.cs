using FsCheck;
using FsCheck.Fluent;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public class EcnDecapsulationTests
{
    private readonly IngressRig _rig = new();

    /// <summary>RFC 6040 figure 4, row by row; null stands for "drop".</summary>
    public static TheoryData<Ecn, Ecn, Ecn?> Figure4 => new()
    {
        { Ecn.NotEct, Ecn.NotEct, Ecn.NotEct },
        { Ecn.NotEct, Ecn.Ect0, Ecn.NotEct },
        { Ecn.NotEct, Ecn.Ect1, Ecn.NotEct },
        { Ecn.NotEct, Ecn.Ce, null },
        { Ecn.Ect0, Ecn.NotEct, Ecn.Ect0 },
        { Ecn.Ect0, Ecn.Ect0, Ecn.Ect0 },
        { Ecn.Ect0, Ecn.Ect1, Ecn.Ect1 },
        { Ecn.Ect0, Ecn.Ce, Ecn.Ce },
        { Ecn.Ect1, Ecn.NotEct, Ecn.Ect1 },
        { Ecn.Ect1, Ecn.Ect0, Ecn.Ect1 },
        { Ecn.Ect1, Ecn.Ect1, Ecn.Ect1 },
        { Ecn.Ect1, Ecn.Ce, Ecn.Ce },
        { Ecn.Ce, Ecn.NotEct, Ecn.Ce },
        { Ecn.Ce, Ecn.Ect0, Ecn.Ce },
        { Ecn.Ce, Ecn.Ect1, Ecn.Ce },
        { Ecn.Ce, Ecn.Ce, Ecn.Ce },
    };

    [Theory]
    [MemberData(nameof(Figure4))]
    public void Inner_and_outer_field_combine_as_rfc_6040_says(Ecn inner, Ecn outer, Ecn? combined)
    {
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            PacketBuilder packet = PacketBuilder.Between(B, A, family).Ecn(inner);

            DropReason verdict = _rig.DecapsulateFromB(packet.Build(), outer);

            verdict.ShouldBe(combined is null ? DropReason.IpTunnelEcn : DropReason.None, family.ToString());
            if (combined is not null)
                _rig.Packet.ToArray().ShouldBe(packet.Ecn(combined.Value).Build(), family.ToString());
        }
    }

    [Fact]
    public void The_ipv4_header_checksum_stays_sound_whatever_the_header() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll<ushort, byte, byte>((identification, ttl, pod) =>
        {
            PacketBuilder packet = PacketBuilder.Between(B, A, IpFamily.IPv4).From(B.Pod(IpFamily.IPv4, pod))
                .Identification(identification).Ttl(ttl).Options(ttl % 11).Ecn(Ecn.Ect0);
            return _rig.DecapsulateFromB(packet.Build(), Ecn.Ce) == DropReason.None
                && ReferenceChecksum.Sum(_rig.Packet[..packet.TransportOffset]) == 0xffff;
        }));
}
