using System.Buffers.Binary;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Tests;

/// <summary>
/// Changes inputs of a corpus at random, the same way for the same seed; knows nothing of what they mean.
/// </summary>
internal sealed class CorpusMutator(int seed, IReadOnlyList<Seed> corpus)
{
    private const int Longest = 4096;

    private static readonly ushort[] _extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] input = Pick();
        for (int changes = _random.Next(1, 6); changes > 0; changes--) input = Change(input);
        return input.Length > Longest ? input[..Longest] : input;
    }

    private byte[] Pick() => [.. corpus[_random.Next(corpus.Count)].Input];

    private byte[] Change(byte[] input)
    {
        int at = _random.Next(input.Length + 1);
        switch (_random.Next(8))
        {
            case 0 when at < input.Length:
                input[at] = (byte)_random.Next(256);
                return input;
            case 1 when at + 1 < input.Length:
                BinaryPrimitives.WriteUInt16LittleEndian(input.AsSpan(at), _extremes[_random.Next(_extremes.Length)]);
                return input;
            case 2:
                return input[..at];
            case 3:
                // Another input's end behind this one's begin.
                byte[] other = Pick();
                return [.. input[..at], .. other[_random.Next(other.Length + 1)..]];
            case 4:
                int length = Math.Min(_random.Next(1, 16), input.Length - at);
                return [.. input[..at], .. input[(at + length)..]];
            case 5:
                byte[] inserted = new byte[_random.Next(1, 16)];
                _random.NextBytes(inserted);
                return [.. input[..at], .. inserted, .. input[at..]];
            case 6:
                // A piece of it once more.
                int from = _random.Next(input.Length + 1);
                byte[] piece = input[from..Math.Min(input.Length, from + _random.Next(64))];
                return [.. input[..at], .. piece, .. input[at..]];
            default:
                if (at < input.Length) input[at] ^= (byte)(1 << _random.Next(8));
                return input;
        }
    }
}
