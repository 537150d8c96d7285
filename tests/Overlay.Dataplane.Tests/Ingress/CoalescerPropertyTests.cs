using Overlay.Dataplane.Packets;
using Overlay.Testing;

namespace Overlay.Dataplane.Tests;

/// <summary>Joined packets, cut up again, are the packets that came, and each flow's order is kept.</summary>
public class CoalescerPropertyTests
{
    private const int Rounds = 700;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 10)]
    [InlineData(4, 17)]
    [InlineData(5, 50)]
    public void Nothing_is_lost_changed_or_reordered_by_joining(int seed, int flows)
    {
        Random random = new(seed);
        CoalescerRig rig = new();
        int joined = 0;
        int wrong = 0;
        for (int round = 0; round < Rounds; round++)
        {
            FlowMix.Sent[] sent = Draw(random, random.Next(1, flows + 1), rig.Capacity);
            IReadOnlyList<CoalescerRig.Written> written = rig.Join(sent.Select(static packet => packet.Bytes));
            Round.Check(() => $"seed {seed}, round {round}", () => Check(sent, written));
            joined += written.Where(static packet => packet.Count > 1).Sum(static packet => packet.Count);
            wrong += sent.Count(static packet => packet.IsWrong);
        }

        // Else the mix is too wild to prove anything.
        joined.ShouldBeGreaterThan(Rounds * rig.Capacity / 10);
        wrong.ShouldBeGreaterThan(Rounds);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_kind_that_the_tun_does_not_take_is_never_joined(bool joinsTcp, bool joinsUdp)
    {
        Random random = new(6);
        CoalescerRig rig = new(joinsTcp, joinsUdp);
        for (int round = 0; round < Rounds / 5; round++)
        {
            FlowMix.Sent[] sent = Draw(random, 4, rig.Capacity);
            IReadOnlyList<CoalescerRig.Written> written = rig.Join(sent.Select(static packet => packet.Bytes));
            Round.Check(() => $"round {round}", () =>
            {
                Check(sent, written);
                foreach (CoalescerRig.Written packet in written.Where(static packet => packet.Count > 1))
                    (packet.Offload.GsoType == VirtioNetHeader.GsoUdpL4 ? joinsUdp : joinsTcp).ShouldBeTrue();
            });
        }
    }

    private static FlowMix.Sent[] Draw(Random random, int flows, int count)
    {
        FlowMix mix = new(random, flows);
        int flow = 0;
        return [.. Enumerable.Range(0, count).Select(_ => mix.Next(ref flow))];
    }

    private static void Check(FlowMix.Sent[] sent, IReadOnlyList<CoalescerRig.Written> written)
    {
        List<byte[]> received = [];
        foreach (CoalescerRig.Written packet in written)
        {
            packet.Packet.Length.ShouldBeLessThanOrEqualTo(65_535);
            IReadOnlyList<byte[]> split = PacketSplitter.Split(packet.Packet, packet.Offload);
            split.Count.ShouldBe(packet.Count);
            received.AddRange(split);
        }

        received.Count.ShouldBe(sent.Length);
        PacketBytes.ShouldBeSameFlows(received, sent.Select(static packet => packet.Delivered));

        // A wrong packet, which nobody may make right, comes out byte for byte, of itself.
        byte[][] single =
            [.. written.Where(static packet => packet.Offload == default).Select(static packet => packet.Packet)];
        foreach (FlowMix.Sent wrong in sent.Where(static packet => packet.IsWrong))
        {
            if (!single.Any(packet => packet.AsSpan().SequenceEqual(wrong.Bytes)))
                Assert.Fail($"{Convert.ToHexString(wrong.Bytes)} is wrong, and does not come out");
        }
    }
}
