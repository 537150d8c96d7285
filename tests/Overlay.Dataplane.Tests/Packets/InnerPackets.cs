using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Tests;

internal static class InnerPackets
{
    /// <summary>A packet with sound IP headers, read.</summary>
    public static InnerPacket AsInner(this byte[] packet)
    {
        InnerPacket.TryRead(packet, out InnerPacket inner).ShouldBe(DropReason.None);
        return inner;
    }
}
