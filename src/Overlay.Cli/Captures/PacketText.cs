using PacketDotNet;

namespace Overlay.Cli.Captures;

/// <summary>A packet in a few words: its flow, and the kind of a message of its protocol.</summary>
internal static class PacketText
{
    private const string Undecodable = "no IP packet";

    /// <summary>Has packets of that UDP port taken as VXLAN.</summary>
    public static void UseVxlanPort(int port) => VxlanFields.DestinationPort = (ushort)port;

    /// <summary>Reads a packet; null where its bytes are none of that link.</summary>
    public static Packet? Read(LinkLayers link, byte[] bytes) => Guarded(() => Packet.ParsePacket(link, bytes));

    /// <summary>The IP packet in a packet; null where there is none.</summary>
    public static IPPacket? IpOf(Packet? packet) => packet is null ? null : Guarded(() => packet.Extract<IPPacket>());

    /// <summary>The VXLAN part of a packet of the underlay; null where there is none.</summary>
    public static VxlanPacket? VxlanOf(IPPacket? packet) =>
        packet is null ? null : Guarded(() => (packet.PayloadPacket as UdpPacket)?.PayloadPacket as VxlanPacket);

    /// <summary>Addresses, ports, and the kind of message.</summary>
    public static string FlowOf(IPPacket? packet) =>
        (packet is null ? null : Guarded(() => Describe(packet))) ?? Undecodable;

    private static string Describe(IPPacket ip) => ip.PayloadPacket switch
    {
        TcpPacket tcp => $"{Ends(ip, tcp.SourcePort, tcp.DestinationPort)} TCP {FlagsOf(tcp)}",
        UdpPacket udp => $"{Ends(ip, udp.SourcePort, udp.DestinationPort)} UDP",
        IcmpV4Packet icmp => $"{Ends(ip)} ICMP {Words(icmp.TypeCode.ToString())}",
        IcmpV6Packet icmp => $"{Ends(ip)} ICMPv6 {Words(icmp.Type.ToString())}",
        _ => $"{Ends(ip)} {ip.Protocol}",
    };

    private static string Ends(IPPacket ip) => $"{ip.SourceAddress} > {ip.DestinationAddress}";

    private static string Ends(IPPacket ip, ushort source, ushort destination) => ip is IPv6Packet
        ? $"[{ip.SourceAddress}]:{source} > [{ip.DestinationAddress}]:{destination}"
        : $"{ip.SourceAddress}:{source} > {ip.DestinationAddress}:{destination}";

    private static string FlagsOf(TcpPacket tcp) => string.Join(' ', new[]
    {
        tcp.Synchronize ? "SYN" : null, tcp.Finished ? "FIN" : null, tcp.Reset ? "RST" : null,
        tcp.Push ? "PSH" : null, tcp.Acknowledgment ? "ACK" : null,
    }.Where(static flag => flag is not null));

    // EchoRequest becomes "echo request".
    private static string Words(string name) => string.Concat(name.Select(static (letter, at) =>
        char.IsUpper(letter) ? $"{(at > 0 ? " " : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));

    // Packets are what others send, and the decoder throws on some that are cut short or made to deceive.
    private static T? Guarded<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031 // Whatever is wrong with one packet, the next one is shown.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
