using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Trust;

/// <summary>
/// Leases by their prefixes and addresses: finds those that contradict another without a look at each. Not thread-safe.
/// </summary>
internal sealed class LeaseIndex
{
    private readonly IReadOnlyList<(IpPrefix Prefix, Lease Lease)> _prefixes;
    private readonly ILookup<IpPrefix, Lease> _byPrefix;
    private readonly ILookup<IpAddress, Lease> _byAddress;
    private readonly int[] _lengths;

    // For each length asked for: the prefixes that are at least as long, cut to it.
    private readonly Dictionary<int, ILookup<IpPrefix, Lease>> _inside = [];

    public LeaseIndex(IReadOnlyCollection<Lease> leases)
    {
        _prefixes = [.. leases.SelectMany(static lease => lease.PodCidrs.Select(prefix => (prefix, lease)))];
        _byPrefix = _prefixes.ToLookup(static entry => entry.Prefix, static entry => entry.Lease);
        _byAddress = leases.SelectMany(static lease => lease.PublicAddresses.Select(address => (address, lease)))
            .ToLookup(static entry => entry.address, static entry => entry.lease);
        _lengths = [.. _prefixes.Select(static entry => entry.Prefix.Length).Distinct()];
    }

    /// <summary>
    /// The leases that overlap one of that lease's pod CIDRs or share one of its addresses; some more than once.
    /// </summary>
    public IEnumerable<Lease> Rivals(Lease other) =>
        other.PodCidrs.SelectMany(Overlapping).Concat(other.PublicAddresses.SelectMany(address => _byAddress[address]));

    private IEnumerable<Lease> Overlapping(IpPrefix prefix) => Inside(prefix.Length)[prefix].Concat(
        _lengths.Where(length => length < prefix.Length)
            .SelectMany(length => _byPrefix[new IpPrefix(prefix.Address, length)]));

    private ILookup<IpPrefix, Lease> Inside(int length)
    {
        if (_inside.TryGetValue(length, out ILookup<IpPrefix, Lease>? cut)) return cut;
        cut = _prefixes.Where(entry => entry.Prefix.Length >= length)
            .ToLookup(entry => new IpPrefix(entry.Prefix.Address, length), static entry => entry.Lease);
        _inside.Add(length, cut);
        return cut;
    }
}
