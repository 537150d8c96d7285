using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Sound and unsound packets with whatever offload header: nothing throws, and what is cut up adds up.
/// </summary>
public class SegmenterNoiseTests
{
    private const int Iterations = 50_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nothing_throws_and_the_segments_hold_all_of_the_payload(int seed)
    {
        Random random = new(seed);
        int accepted = 0;
        int refused = 0;
        for (int i = 0; i < Iterations; i++)
        {
            byte[] packet = Damaged(random, out VirtioNetHeader offload);

            // Others never get here: the encapsulator has dropped them.
            bool isSound = Ipv4Header.TryParse(packet, out Ipv4Header ipv4) ? ipv4.TotalLength == packet.Length
                : Ipv6Header.TryParse(packet, out Ipv6Header ipv6) && ipv6.TotalLength == packet.Length;
            if (!isSound) continue;
            Round.Check(
                () => $"seed {seed}, iteration {i}: {offload} "
                    + $"{Convert.ToHexStringLower(packet.AsSpan(0, Math.Min(packet.Length, 100)))}",
                () =>
                {
                    if (TrySegment(packet, offload)) accepted++;
                    else refused++;
                });
        }

        accepted.ShouldBeGreaterThan(Iterations / 20);
        refused.ShouldBeGreaterThan(Iterations / 20);
    }

    private static bool TrySegment(byte[] packet, VirtioNetHeader offload)
    {
        if (!Segmenter.TryCreate(packet.AsInner(), offload, out Segmenter segmenter)) return false;
        segmenter.HeaderLength.ShouldBeInRange(28, Segmenter.MaxHeaderLength);
        int payload = 0;
        for (int i = 0; i < segmenter.Count; i++)
        {
            byte[] header = packet[..segmenter.HeaderLength];
            segmenter.WriteHeader(header, i, packet);
            segmenter.PayloadLength(i).ShouldBeInRange(1, offload.GsoSize);
            payload += segmenter.PayloadLength(i);
        }

        payload.ShouldBe(packet.Length - segmenter.HeaderLength);
        return true;
    }

    private static byte[] Damaged(Random random, out VirtioNetHeader offload)
    {
        IpFamily family = random.Next(2) == 0 ? IpFamily.IPv4 : IpFamily.IPv6;
        PacketBuilder builder = PacketBuilder.Between(A, B, family)
            .Protocol(random.Next(2) == 0 ? IpProtocol.Tcp : IpProtocol.Udp)
            .Options(random.Next(3)).Payload(random.Next(200));
        if (random.Next(3) == 0) builder = builder.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions);
        if (random.Next(8) == 0) builder = builder.Fragment(random.Next(2) * 8, random.Next(2) == 0);
        byte[] packet = builder.Build();
        if (random.Next(2) == 0) packet[random.Next(Math.Min(packet.Length, 80))] ^= (byte)(1 << random.Next(8));

        offload = builder.SegmentationOffload(random.Next(1, 100));
        if (random.Next(2) == 0) return packet;
        byte[] noise = new byte[VirtioNetHeader.Length];
        random.NextBytes(noise);
        byte[] bytes = new byte[VirtioNetHeader.Length];
        offload.Write(bytes);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            int at = random.Next(bytes.Length);
            bytes[at] = noise[at];
        }

        offload = VirtioNetHeader.Read(bytes);
        return packet;
    }
}
