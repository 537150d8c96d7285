using Overlay.Wire.Values;

namespace Overlay.Pods.Ranges;

/// <summary>Ranges of one family, of which a pod gets one address; looked through in their order.</summary>
public sealed class RangeSet
{
    /// <exception cref="FormatException">Empty, of two families, or two ranges share an address.</exception>
    public RangeSet(IReadOnlyList<AddressRange> ranges)
    {
        if (ranges.Count == 0)
            throw new FormatException("a range set is empty; example: [{\"subnet\": \"10.244.1.0/24\"}]");
        for (int i = 1; i < ranges.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (ranges[i].Subnet.Family != ranges[j].Subnet.Family)
                    throw new FormatException($"ranges {ranges[j]} and {ranges[i]} of one set are of two families");
                if (ranges[i].Overlaps(ranges[j]))
                    throw new FormatException($"ranges {ranges[j]} and {ranges[i]} overlap");
            }
        }

        Ranges = ranges;
    }

    public IReadOnlyList<AddressRange> Ranges { get; }

    public IpFamily Family => Ranges[0].Subnet.Family;

    /// <summary>The range that holds the address, or null.</summary>
    public AddressRange? Find(IpAddress address)
    {
        foreach (AddressRange range in Ranges)
        {
            if (range.Contains(address)) return range;
        }

        return null;
    }

    public bool Overlaps(RangeSet other)
    {
        foreach (AddressRange mine in Ranges)
        {
            foreach (AddressRange theirs in other.Ranges)
            {
                if (mine.Overlaps(theirs)) return true;
            }
        }

        return false;
    }

    public override string ToString() => string.Join(", ", Ranges);
}
