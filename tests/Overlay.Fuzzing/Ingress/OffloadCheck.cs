using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Headers;

namespace Overlay.Fuzzing.Ingress;

/// <summary>
/// A packet that goes to the TUN by itself: its bytes, and an offload header that the kernel can go by.
/// </summary>
internal static class OffloadCheck
{
    private const int Mtu = TestNode.PodMtu;
    private const int TcpChecksum = 16;

    /// <exception cref="BrokenInvariantException">It is another packet than came, or its header is wrong.</exception>
    public static void Single(ReadOnlySpan<byte> packet, in PacketSlot slot, byte[] expected)
    {
        VirtioNetHeader offload = slot.Offload;
        if (offload == default)
        {
            Invariant.Same(packet, expected, "a packet without offloads");
            return;
        }

        Invariant.Holds(offload.Flags == VirtioNetHeader.NeedsChecksum);
        Invariant.Holds(offload.ChecksumStart == slot.Transport && slot.Transport >= (packet[0] >> 4 == 4 ? 20 : 40));
        Invariant.Holds(offload.ChecksumStart + offload.ChecksumOffset + 2 <= packet.Length);
        if (offload.GsoType == VirtioNetHeader.GsoNone)
        {
            Invariant.Holds(offload.HeaderLength + offload.GsoSize == 0);
            Invariant.Same(packet, expected, "a packet whose checksum is left to the kernel");
            return;
        }

        Invariant.Holds(offload.GsoSize > 0 && packet.Length > offload.HeaderLength);
        Invariant.Holds(offload.HeaderLength + offload.GsoSize <= Mtu, "a segment fits the pods' links");
        if (offload.GsoType == VirtioNetHeader.GsoUdpL4)
        {
            Invariant.Holds(slot.Protocol == IpProtocol.Udp);
            Invariant.Same(packet, expected, "a UDP super-packet");
            return;
        }

        Invariant.Holds(slot.Protocol == IpProtocol.Tcp && packet.Length > Mtu);
        Invariant.Holds(offload.HeaderLength + offload.GsoSize == Mtu);

        // The checksum is left to the kernel, which begins with the pseudo-header's sum.
        byte[] without = packet.ToArray();
        without.AsSpan(slot.Transport + TcpChecksum, 2).Clear();
        expected.AsSpan(slot.Transport + TcpChecksum, 2).Clear();
        Invariant.Same(without, expected, "a TCP super-packet");
    }
}
