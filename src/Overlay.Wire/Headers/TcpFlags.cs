namespace Overlay.Wire.Headers;

/// <summary>Bits of <see cref="TcpHeader.Flags"/> (RFC 9293 section 3.1).</summary>
public static class TcpFlags
{
    public const byte Fin = 0x01;
    public const byte Syn = 0x02;
    public const byte Rst = 0x04;
    public const byte Psh = 0x08;
    public const byte Ack = 0x10;
    public const byte Urg = 0x20;

    /// <summary>ECN echo (RFC 3168 section 6.1).</summary>
    public const byte Ece = 0x40;

    /// <summary>Congestion window reduced (RFC 3168 section 6.1).</summary>
    public const byte Cwr = 0x80;
}
