using Overlay.Wire.Checksums;

namespace Overlay.Wire.Tests;

/// <summary>
/// Every vector width against a loop over words, on any machine: what it lacks is emulated, and tested all the same.
/// </summary>
public sealed class WideSumTests
{
    public enum Width
    {
        Words = 1,
        Bits128 = 16,
        Bits256 = 32,
        Bits512 = 64,
    }

    [Theory]
    [InlineData(Width.Words)]
    [InlineData(Width.Bits128)]
    [InlineData(Width.Bits256)]
    [InlineData(Width.Bits512)]
    public void Every_length_from_every_alignment_sums_as_a_loop_over_words_does(Width width)
    {
        byte[] bytes = new byte[64 + 1100];
        new Random(1071).NextBytes(bytes);
        for (int start = 0; start <= 64; start++)
        {
            for (int length = 0; length <= 1100; length += start < 8 ? 1 : 13)
                ShouldMatch(width, bytes.AsSpan(start, length), $"{length} bytes from {start}");
        }
    }

    [Theory]
    [InlineData(Width.Words)]
    [InlineData(Width.Bits128)]
    [InlineData(Width.Bits256)]
    [InlineData(Width.Bits512)]
    public void No_carry_is_lost_when_every_bit_of_a_super_packet_is_set(Width width)
    {
        byte[] bytes = new byte[ushort.MaxValue];
        Array.Fill(bytes, (byte)0xff);
        for (int length = bytes.Length - 300; length <= bytes.Length; length++)
            ShouldMatch(width, bytes.AsSpan(0, length), $"{length} bytes");
    }

    [Theory]
    [InlineData(Width.Words)]
    [InlineData(Width.Bits128)]
    [InlineData(Width.Bits256)]
    [InlineData(Width.Bits512)]
    public void Each_byte_counts_at_its_place(Width width)
    {
        byte[] bytes = new byte[300];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = 0xa5;
            ShouldMatch(width, bytes, $"byte {i}");
            bytes[i] = 0;
        }
    }

    private static void ShouldMatch(Width width, ReadOnlySpan<byte> bytes, string what)
    {
        int whole = bytes.Length & -(int)width;
        ulong sum = width switch
        {
            Width.Bits128 => WideSum.Of128(bytes),
            Width.Bits256 => WideSum.Of256(bytes),
            Width.Bits512 => WideSum.Of512(bytes),
            _ => WideSum.OfRest(bytes),
        };
        if (Fold(sum) != Fold(Reference(bytes[..whole]))) Assert.Fail($"{width}, {what}");
    }

    // Words as a little-endian machine has them in memory, which is what WideSum leaves them as.
    private static ulong Reference(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            bool isHighByte = ((i & 1) == 0) != BitConverter.IsLittleEndian;
            sum += isHighByte ? (ulong)bytes[i] << 8 : bytes[i];
        }

        return sum;
    }

    private static ulong Fold(ulong sum)
    {
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }
}
