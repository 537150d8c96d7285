using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>
/// The pod CIDRs of one family that are handed out: all of one length, from the first to the last. Immutable.
/// </summary>
internal sealed record SubnetRange(IpPrefix Min, IpPrefix Max)
{
    /// <summary>How many pod CIDRs there are in it.</summary>
    public UInt128 Count => ((Max.Address.Value - Min.Address.Value) >> (Min.Address.Bits - Min.Length)) + 1;

    public bool Contains(IpPrefix subnet) => subnet.Family == Min.Family && subnet.Length == Min.Length
        && subnet.Address.Value >= Min.Address.Value && subnet.Address.Value <= Max.Address.Value;

    /// <summary>
    /// The subnets that overlap none of the taken prefixes, whatever their lengths, from the lowest on.
    /// </summary>
    public IEnumerable<IpPrefix> Free(IEnumerable<IpPrefix> taken)
    {
        IpPrefix[] blocks =
        [
            .. taken.Where(prefix => prefix.Family == Min.Family)
                .OrderBy(static prefix => prefix.Address.Value).ThenBy(static prefix => prefix.Length),
        ];
        int next = 0;
        IpPrefix subnet = Min;
        while (true)
        {
            // Prefixes nest or are apart: the first that does not end before this one is the only one that can overlap.
            while (next < blocks.Length && blocks[next].Last.Value < subnet.Address.Value) next++;
            bool isTaken = next < blocks.Length && blocks[next].Overlaps(subnet);
            if (!isTaken) yield return subnet;

            // Past a large block in one step: it may cover more subnets than could ever be tried.
            UInt128 last = isTaken && blocks[next].Length < subnet.Length ? blocks[next].Last.Value : subnet.Last.Value;
            if (last >= Max.Last.Value) yield break;
            IpAddress start = (isTaken && blocks[next].Length < subnet.Length ? blocks[next] : subnet).Last.Add(1);
            subnet = new(start, subnet.Length);
        }
    }

    public override string ToString() => $"{Min} to {Max}";
}
