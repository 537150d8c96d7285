using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>
/// The subnets that suit a node: by its configuration, by its former subnet, else random among the first free ones.
/// </summary>
internal sealed class SubnetChoice(PodCidrRequest request, NetworkSettings settings)
{
    // As many as flannel looks at. Of nodes that start together and choose the first one, all but one would lose.
    private const int Candidates = 100;

    private readonly SubnetRange _ipv4 = RangeOf(settings.SubnetMin, settings.SubnetMax)!;
    private readonly SubnetRange? _ipv6 = RangeOf(settings.SubnetMinV6, settings.SubnetMaxV6);

    /// <summary>Subnets and range, for a message when there are none left.</summary>
    public string Ranges => _ipv6 is null
        ? $"{_ipv4} ({_ipv4.Count} subnets)"
        : $"{_ipv4} ({_ipv4.Count} subnets) and {_ipv6} ({_ipv6.Count} subnets)";

    /// <summary>The key may be this node's by what the network and the node are configured to.</summary>
    public bool Fits(SubnetKey key) =>
        Fits(key.Ipv4, _ipv4, request.Configured.Ipv4)
        && (_ipv6 is null ? key.Ipv6 is null : key.Ipv6 is { } ipv6 && Fits(ipv6, _ipv6, request.Configured.Ipv6));

    /// <summary>The key is what the node is configured to, or had the last time.</summary>
    public bool IsExpected(SubnetKey key) => key.PodCidrs == request.Previous || key.PodCidrs == request.Configured;

    /// <summary>A key in use may stay: it is inside the network, though it may be none that is handed out.</summary>
    public bool Allows(SubnetKey key) =>
        settings.Cidr!.Value.Contains(key.Ipv4)
        && (settings.CidrV6 is { } network ? key.Ipv6 is { } ipv6 && network.Contains(ipv6) : key.Ipv6 is null);

    /// <summary>Free subnets; null when there are none.</summary>
    /// <exception cref="InvalidDataException">What the node is configured to is outside the network.</exception>
    public SubnetKey? Choose(IReadOnlyList<IpPrefix> taken)
    {
        IpPrefix? ipv4 =
            Choose(_ipv4, "Subnet", settings.Cidr!.Value, request.Configured.Ipv4, request.Previous?.Ipv4, taken);
        if (ipv4 is not { } first) return null;
        if (_ipv6 is null) return new(first, null);
        IpPrefix? ipv6 =
            Choose(_ipv6, "SubnetV6", settings.CidrV6!.Value, request.Configured.Ipv6, request.Previous?.Ipv6, taken);
        return ipv6 is null ? null : new(first, ipv6);
    }

    private static SubnetRange? RangeOf(IpPrefix? min, IpPrefix? max) =>
        min is { } first && max is { } last ? new(first, last) : null;

    private static bool Fits(IpPrefix subnet, SubnetRange range, IpPrefix? configured) =>
        configured is { } one ? subnet == one : range.Contains(subnet);

    private static IpPrefix? Choose(
        SubnetRange range, string key, IpPrefix network, IpPrefix? configured, IpPrefix? previous,
        IReadOnlyList<IpPrefix> taken)
    {
        if (configured is { } demanded)
        {
            if (!network.Contains(demanded))
                throw new InvalidDataException(
                    $"Overlay:{key} is {demanded}, which is outside the network {network}; it should be such as "
                    + $"{range.Min}, or empty for one from etcd");
            return IsFree(demanded) ? demanded : null;
        }

        if (previous is { } before && range.Contains(before) && IsFree(before)) return before;
        IpPrefix[] free = [.. range.Free(taken).Take(Candidates)];
        return free.Length == 0 ? null : free[Random.Shared.Next(free.Length)];

        bool IsFree(IpPrefix subnet) => !taken.Any(subnet.Overlaps);
    }
}
