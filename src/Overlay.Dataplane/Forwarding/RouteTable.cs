using System.Numerics;

namespace Overlay.Dataplane;

/// <summary>Longest-prefix match over one address family. Immutable.</summary>
/// <remarks>
/// Prefixes are flattened into disjoint ranges when the table is built, so a look-up is one binary search over range
/// starts, however the prefixes nest. The address space is covered whole: ranges no prefix holds carry <see cref="NoRoute"/>.
/// </remarks>
public sealed class RouteTable<TAddress>
    where TAddress : struct, IComparisonOperators<TAddress, TAddress, bool>
{
    /// <summary>What <see cref="Lookup"/> answers for an address in no prefix.</summary>
    public const int NoRoute = -1;

    private readonly TAddress[] _starts;
    private readonly int[] _targets;

    /// <summary>Takes ranges in ascending order; the first starts at the family's lowest address.</summary>
    internal RouteTable(TAddress[] starts, int[] targets)
    {
        _starts = starts;
        _targets = targets;
    }

    /// <summary>The target of the longest prefix that holds the address, or <see cref="NoRoute"/>.</summary>
    public int Lookup(TAddress address)
    {
        TAddress[] starts = _starts;
        int low = 0;
        int count = starts.Length;
        while (count > 1)
        {
            int half = count >> 1;
            if (starts[low + half] <= address) low += half;
            count -= half;
        }

        return _targets[low];
    }
}
