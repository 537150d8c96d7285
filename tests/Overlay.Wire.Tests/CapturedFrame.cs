namespace Overlay.Wire.Tests;

/// <summary>
/// Frames between two flannel nodes (the kernel's VXLAN, VNI 1), as their underlay's capture has them.
/// </summary>
/// <remarks>
/// Taken on the sender, whose checksum offload leaves the folded pseudo-header sum in the UDP and TCP checksum fields
/// for the device to complete. ICMP, ICMPv6 and the IPv4 headers carry finished checksums.
/// </remarks>
internal sealed class CapturedFrame
{
    private readonly byte[] _bytes;
    private readonly int _ipLength;

    private CapturedFrame(int ipLength, string dump)
    {
        _bytes = Hex.Bytes(dump);
        _ipLength = ipLength;
    }

    /// <summary>10.244.1.10 pings 10.244.2.10, from 192.168.77.1 to 192.168.77.2.</summary>
    public static CapturedFrame Ping { get; } = new(
        20,
        """
        4a ed 8c 30 48 61 a6 11 21 d9 61 e2 08 00 45 00
        00 86 52 86 00 00 40 11 0c 8d c0 a8 4d 01 c0 a8
        4d 02 96 bb 21 18 00 72 1b d8 08 00 00 00 00 00
        01 00 be 01 01 a2 94 2d 3a 74 bf 96 92 d9 08 00
        45 00 00 54 fb c6 40 00 3f 01 26 e7 0a f4 01 0a
        0a f4 02 0a 08 00 72 15 43 ab 00 01 26 c6 02 6b
        00 00 00 00 4e 3a 0c 00 00 00 00 00 10 11 12 13
        14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23
        24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33
        34 35 36 37
        """);

    /// <summary>fd00:10:244:1::10 pings fd00:10:244:2::10, from fd77::1 to fd77::2.</summary>
    public static CapturedFrame PingV6 { get; } = new(
        40,
        """
        4a ed 8c 30 48 61 a6 11 21 d9 61 e2 86 dd 60 00
        00 00 00 86 11 40 fd 77 00 00 00 00 00 00 00 00
        00 00 00 00 00 01 fd 77 00 00 00 00 00 00 00 00
        00 00 00 00 00 02 bf cb 21 18 00 86 fb 89 08 00
        00 00 00 00 01 00 32 2d 85 41 5c de ae e8 27 aa
        35 0e 86 dd 60 02 6f 96 00 40 3a 3f fd 00 00 10
        02 44 00 01 00 00 00 00 00 00 00 10 fd 00 00 10
        02 44 00 02 00 00 00 00 00 00 00 10 80 00 d8 5b
        43 ae 00 01 27 c6 02 6b 00 00 00 00 7a a9 01 00
        00 00 00 00 10 11 12 13 14 15 16 17 18 19 1a 1b
        1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b
        2c 2d 2e 2f 30 31 32 33 34 35 36 37
        """);

    /// <summary>
    /// 10.244.1.10 opens a connection to 10.244.2.10, with MSS, SACK, timestamp and window scale options.
    /// </summary>
    public static CapturedFrame TcpSyn { get; } = new(
        20,
        """
        4a ed 8c 30 48 61 a6 11 21 d9 61 e2 08 00 45 00
        00 6e 53 2a 00 00 40 11 0c 01 c0 a8 4d 01 c0 a8
        4d 02 96 b9 21 18 00 5a 53 88 08 00 00 00 00 00
        01 00 be 01 01 a2 94 2d 3a 74 bf 96 92 d9 08 00
        45 00 00 3c ff 73 40 00 3f 06 23 4d 0a f4 01 0a
        0a f4 02 0a d7 70 23 28 9a 03 0a 76 00 00 00 00
        a0 02 fd 5c 19 2a 00 00 02 04 05 82 04 02 08 0a
        2c 5e b0 20 00 00 00 00 01 03 03 0a
        """);

    /// <summary>The acknowledgment that completes that handshake.</summary>
    public static CapturedFrame TcpAck { get; } = new(
        20,
        """
        4a ed 8c 30 48 61 a6 11 21 d9 61 e2 08 00 45 00
        00 66 53 2b 00 00 40 11 0c 08 c0 a8 4d 01 c0 a8
        4d 02 96 b9 21 18 00 52 53 90 08 00 00 00 00 00
        01 00 be 01 01 a2 94 2d 3a 74 bf 96 92 d9 08 00
        45 00 00 34 ff 74 40 00 3f 06 23 54 0a f4 01 0a
        0a f4 02 0a d7 70 23 28 9a 03 0a 77 d9 4a b2 ca
        80 10 00 40 19 22 00 00 01 01 08 0a 2c 5e b0 20
        06 6f 3d 6e
        """);

    public byte[] Ethernet => _bytes;

    public byte[] Ip => _bytes[14..];

    public byte[] Udp => Ip[_ipLength..];

    public byte[] Vxlan => Udp[8..];

    public byte[] InnerEthernet => Vxlan[8..];

    public byte[] InnerIp => InnerEthernet[14..];

    /// <summary>The inner TCP, ICMP or ICMPv6 header and all behind it.</summary>
    public byte[] InnerTransport => InnerIp[_ipLength..];
}
