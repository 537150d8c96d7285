namespace Overlay.Wire.Captures;

/// <summary>Numbers of the pcapng format (draft-ietf-opsawg-pcapng) that writer and reader share.</summary>
internal static class PcapngBlock
{
    public const uint Section = 0x0a0d_0d0a;
    public const uint Interface = 1;
    public const uint Statistics = 5;
    public const uint Packet = 6;

    /// <summary>Written in the byte order of all that follows: ours is little-endian.</summary>
    public const uint ByteOrder = 0x1a2b_3c4d;

    /// <summary>Type and length in front, and the length again behind.</summary>
    public const int Frame = 12;

    public const ushort EndOfOptions = 0;
    public const ushort Comment = 1;
    public const ushort PacketFlags = 2;
    public const ushort InterfaceName = 2;
    public const ushort Application = 4;
    public const ushort Received = 4;
    public const ushort Missed = 5;
    public const ushort Resolution = 9;

    /// <summary>Time stamps in nanoseconds: a power of ten, with its sign changed.</summary>
    public const byte Nanoseconds = 9;

    /// <summary>Bytes of a part of a block, which begins and ends at a multiple of four.</summary>
    public static int Padded(int length) => (length + 3) & ~3;
}
