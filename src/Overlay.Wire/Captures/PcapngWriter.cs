//  A capture as the programs of Wireshark read it (draft-ietf-opsawg-pcapng):
//
//    Section Header    who has written it
//    Interface         one each: link type, most bytes of a packet, name, nanoseconds
//    Enhanced Packet   one a packet: interface, time, both lengths, bytes, comment, way      } by turns
//    Statistics        how many packets an interface has seen and missed up to then          }

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Overlay.Wire.Captures;

/// <summary>Writes captures in the pcapng format, the one that has room for a comment beside each packet.</summary>
public static class PcapngWriter
{
    private const long NanosecondsPerTick = 100;

    /// <summary>The first block of a capture.</summary>
    /// <param name="to">Gets the block.</param>
    /// <param name="application">The writing program.</param>
    public static void Section(IBufferWriter<byte> to, string application)
    {
        Body block = new(to, PcapngBlock.Section, 16 + Body.SizeOf(application) + Body.EndSize);
        block.U32(PcapngBlock.ByteOrder);
        block.U16(1);
        block.U16(0);

        // A length that is not known in advance.
        block.U64(ulong.MaxValue);
        block.Text(PcapngBlock.Application, application);
        block.End(to);
    }

    /// <summary>An interface; packets name it by the number of those before it.</summary>
    /// <param name="to">Gets the block.</param>
    /// <param name="name">For people.</param>
    /// <param name="link">Its packets' first header.</param>
    /// <param name="snap">Most bytes of a packet that are captured.</param>
    public static void Interface(IBufferWriter<byte> to, string name, LinkType link, int snap)
    {
        Body block = new(to, PcapngBlock.Interface, 8 + Body.SizeOf(name) + 8 + Body.EndSize);
        block.U16((ushort)link);
        block.U16(0);
        block.U32((uint)snap);
        block.Text(PcapngBlock.InterfaceName, name);
        block.Option(PcapngBlock.Resolution, [PcapngBlock.Nanoseconds]);
        block.End(to);
    }

    /// <summary>A packet.</summary>
    /// <param name="to">Gets the block.</param>
    /// <param name="number">The interface.</param>
    /// <param name="time">The moment of the capture.</param>
    /// <param name="bytes">The part of the packet that was captured.</param>
    /// <param name="length">Bytes of the whole packet.</param>
    /// <param name="way">Received or sent.</param>
    /// <param name="comment">For people; empty for none.</param>
    public static void Packet(
        IBufferWriter<byte> to, int number, DateTime time, ReadOnlySpan<byte> bytes, int length, PacketWay way,
        string comment)
    {
        int commentSize = comment.Length == 0 ? 0 : Body.SizeOf(comment);
        Body block = new(
            to, PcapngBlock.Packet, 20 + PcapngBlock.Padded(bytes.Length) + commentSize + 8 + Body.EndSize);
        block.U32((uint)number);
        block.Time(time);
        block.U32((uint)bytes.Length);
        block.U32((uint)length);
        block.Bytes(bytes);
        if (commentSize > 0) block.Text(PcapngBlock.Comment, comment);
        block.Option(PcapngBlock.PacketFlags, [(byte)way, 0, 0, 0]);
        block.End(to);
    }

    /// <summary>The sums of an interface up to now.</summary>
    /// <param name="to">Gets the block.</param>
    /// <param name="number">The interface.</param>
    /// <param name="time">The moment of the sums.</param>
    /// <param name="received">Packets that were wanted.</param>
    /// <param name="missed">Those of them that the capture lacks.</param>
    public static void Statistics(IBufferWriter<byte> to, int number, DateTime time, long received, long missed)
    {
        Body block = new(to, PcapngBlock.Statistics, 12 + 12 + 12 + Body.EndSize);
        block.U32((uint)number);
        block.Time(time);
        block.Option(PcapngBlock.Received, received);
        block.Option(PcapngBlock.Missed, missed);
        block.End(to);
    }

    /// <summary>A block whose size is known before its first byte.</summary>
    private ref struct Body
    {
        public const int EndSize = 4;

        private readonly Span<byte> _block;
        private int _at;

        public Body(IBufferWriter<byte> to, uint type, int bodySize)
        {
            int size = PcapngBlock.Frame + bodySize;
            _block = to.GetSpan(size)[..size];
            U32(type);
            U32((uint)size);
        }

        public static int SizeOf(string text) => 4 + PcapngBlock.Padded(Encoding.UTF8.GetByteCount(text));

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_block[_at..], value);
            _at += sizeof(ushort);
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_block[_at..], value);
            _at += sizeof(uint);
        }

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_block[_at..], value);
            _at += sizeof(ulong);
        }

        // The higher half comes first, whatever the byte order is.
        public void Time(DateTime time)
        {
            ulong nanoseconds = (ulong)(time - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
            U32((uint)(nanoseconds >> 32));
            U32((uint)nanoseconds);
        }

        public void Bytes(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_block[_at..]);
            Pad(bytes.Length);
        }

        public void Text(ushort code, string text)
        {
            U16(code);
            U16((ushort)Encoding.UTF8.GetByteCount(text));
            Pad(Encoding.UTF8.GetBytes(text, _block[_at..]));
        }

        public void Option(ushort code, scoped ReadOnlySpan<byte> value)
        {
            U16(code);
            U16((ushort)value.Length);
            Bytes(value);
        }

        public void Option(ushort code, long value)
        {
            U16(code);
            U16(sizeof(ulong));
            U64((ulong)value);
        }

        public void End(IBufferWriter<byte> to)
        {
            U32(PcapngBlock.EndOfOptions);
            U32((uint)_block.Length);
            to.Advance(_block.Length);
        }

        private void Pad(int length)
        {
            int end = _at + PcapngBlock.Padded(length);
            _block[(_at + length)..end].Clear();
            _at = end;
        }
    }
}
