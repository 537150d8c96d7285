using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// The forwarding database: every remote VTEP of the network, as <c>bridge fdb show</c> lists them. Immutable.
/// </summary>
/// <remarks>
/// Egress takes its row straight from the route, so the one look-up needed is ingress's: whose is this outer source?
/// It is a hash table of rows, open addressed, at most half full: 16 to 32 bytes a VTEP besides the row itself.
/// </remarks>
public sealed class Fdb
{
    private readonly RemoteVtep[] _rows;
    private readonly RemoteVtep?[] _buckets;
    private readonly int _shift;

    /// <summary>Takes rows with distinct addresses; they become the FDB's own.</summary>
    internal Fdb(RemoteVtep[] rows)
    {
        _rows = rows;
        int bits = 1 + BitOperations.Log2((uint)rows.Length | 1) + 1;
        _shift = 64 - bits;
        _buckets = new RemoteVtep?[1 << bits];
        foreach (RemoteVtep row in rows)
        {
            int bucket = BucketOf(row.Address);
            while (_buckets[bucket] is not null) bucket = Next(bucket);
            _buckets[bucket] = row;
        }
    }

    public int Count => _rows.Length;

    public IReadOnlyCollection<RemoteVtep> Rows => _rows;

    /// <summary>The VTEP at that underlay address; false when no peer has it.</summary>
    public bool TryFind(IpAddress underlayAddress, [NotNullWhen(true)] out RemoteVtep? vtep)
    {
        int bucket = BucketOf(underlayAddress);
        while (true)
        {
            vtep = _buckets[bucket];
            if (vtep is null) return false;
            if (vtep.Address == underlayAddress) return true;
            bucket = Next(bucket);
        }
    }

    private int Next(int bucket) => (bucket + 1) & (_buckets.Length - 1);

    // Fibonacci hashing: the product's high bits depend on every bit of the address. Only a peer's lease brings an
    // address in here, so nobody but peers could make rows collide.
    private int BucketOf(IpAddress address)
    {
        ulong high = (ulong)(address.Value >> 64);
        return (int)((((ulong)address.Value ^ BitOperations.RotateLeft(
            high * 0x9e37_79b9_7f4a_7c15, 32)) * 0x9e37_79b9_7f4a_7c15) >> _shift);
    }
}
