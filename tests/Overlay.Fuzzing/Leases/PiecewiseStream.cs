namespace Overlay.Fuzzing.Leases;

/// <summary>Bytes that arrive in pieces, as from a network.</summary>
/// <param name="bytes">All of them.</param>
/// <param name="piece">Bytes of each piece.</param>
internal sealed class PiecewiseStream(byte[] bytes, int piece) : MemoryStream(bytes, writable: false)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
}
