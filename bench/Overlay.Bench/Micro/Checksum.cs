using BenchmarkDotNet.Attributes;
using Overlay.Wire.Checksums;

namespace Overlay.Bench.Micro;

/// <summary>The Internet checksum of a small packet, a full one and a super-packet, at any alignment.</summary>
public class Checksum
{
    private const int Alignments = 16;

    private readonly byte[] _bytes = new byte[ushort.MaxValue + Alignments];

    [Params(64, 1_400, 65_000)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp() => new Random(1071).NextBytes(_bytes);

    [Benchmark(OperationsPerInvoke = Alignments)]
    public uint Sum()
    {
        uint sum = 0;
        for (int start = 0; start < Alignments; start++) sum += InternetChecksum.Sum(_bytes.AsSpan(start, Bytes));
        return sum;
    }
}
