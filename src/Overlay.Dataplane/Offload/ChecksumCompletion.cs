using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Offload;

/// <summary>Finishes a checksum that the sender's kernel left to its device, as a NIC would.</summary>
public static class ChecksumCompletion
{
    /// <summary>Computes the checksum the offload header asks for and stores it in the packet.</summary>
    /// <param name="packet">An IP packet of sound header.</param>
    /// <param name="offload">The header that came with it.</param>
    /// <returns>False when the header points outside the packet, or into its IP header.</returns>
    public static bool TryComplete(Span<byte> packet, in VirtioNetHeader offload)
    {
        int field = offload.ChecksumStart + offload.ChecksumOffset;
        if (field + sizeof(ushort) > packet.Length) return false;

        // Addresses were looked up before, and nothing behind this looks at them again.
        int ipHeader = packet[0] >> 4 == 4 ? (packet[0] & 0x0f) * 4 : Ipv6Header.Length;
        if (offload.ChecksumStart < ipHeader) return false;

        // The field holds the pseudo-header's sum, so one pass over all that follows gives the whole.
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Sum(packet[offload.ChecksumStart..]));

        // Zero would mean "none" in UDP (RFC 768); 0xffff is the same number, and in TCP as good.
        if (checksum == 0) checksum = 0xffff;
        BinaryPrimitives.WriteUInt16BigEndian(packet[field..], checksum);
        return true;
    }
}
