using System.Net;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>
/// Which datagrams of one node another has to take: the rules of design and RFC written down a second time, on plain
/// bytes and without the product's parsers, to hold the daemon's count against.
/// </summary>
internal sealed class FrameRules(Node sender, Node receiver)
{
    private const int Ethernet = 8;
    private const int EtherType = Ethernet + 12;
    private const int Ip = EtherType + 2;

    private readonly byte[] _header = [8, 0, 0, 0, .. VniOf(receiver), 0];
    private readonly byte[] _ownMac =
        Convert.FromHexString(VxlanPeer.Read(receiver.LeaseFile).VtepMac!.Replace(":", "", StringComparison.Ordinal));

    public bool Allow(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < Ip || !datagram.StartsWith(_header)) return false;
        ReadOnlySpan<byte> to = datagram.Slice(Ethernet, 6);
        ReadOnlySpan<byte> from = datagram.Slice(Ethernet + 6, 6);
        bool isUnicast = (from[0] & 1) == 0 && from.ContainsAnyExcept((byte)0);
        if (!to.SequenceEqual(_ownMac) || from.SequenceEqual(_ownMac) || !isUnicast) return false;
        ReadOnlySpan<byte> packet = datagram[Ip..];
        bool isSound = Number(datagram, EtherType) switch
        {
            0x0800 => packet.Length >= 20 && packet[0] >> 4 == 4 && IsSoundIpv4(packet),
            0x86dd => packet.Length >= 40 && packet[0] >> 4 == 6 && 40 + Number(packet, 4) <= packet.Length,
            _ => false,
        };
        return isSound && AllowSource(packet) && IsOf(receiver, Address(packet, destination: true));
    }

    /// <summary>The packet is from a pod of the sender's.</summary>
    public bool AllowSource(ReadOnlySpan<byte> packet) => IsOf(sender, Address(packet, destination: false));

    private static bool IsSoundIpv4(ReadOnlySpan<byte> packet)
    {
        int header = (packet[0] & 15) * 4;
        int total = Number(packet, 2);
        if (header < 20 || total < header || total > packet.Length) return false;

        // RFC 1071: with its checksum the header adds up to all ones.
        int sum = 0;
        for (int i = 0; i < header; i += 2) sum += Number(packet, i);
        return sum % 0xffff == 0;
    }

    private static IPAddress Address(ReadOnlySpan<byte> packet, bool destination) => packet[0] >> 4 == 4
        ? new IPAddress(packet.Slice(destination ? 16 : 12, 4))
        : new IPAddress(packet.Slice(destination ? 24 : 8, 16));

    private static bool IsOf(Node node, IPAddress address) =>
        node.PodCidrV4!.Value.Contains(address) || node.PodCidrV6!.Value.Contains(address);

    private static int Number(ReadOnlySpan<byte> bytes, int offset) => (bytes[offset] << 8) | bytes[offset + 1];

    private static byte[] VniOf(Node node) =>
        [(byte)(node.Options.Vni >> 16), (byte)(node.Options.Vni >> 8), (byte)node.Options.Vni];
}
