using System.Diagnostics.CodeAnalysis;
using System.Text;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>
/// The last part of a lease's key: <c>10.5.52.0-24</c>, dual stack <c>10.12.13.0-24&amp;fd00:12:13::-56</c>. Immutable.
/// </summary>
/// <param name="Ipv4">Never missing: flannel's keys begin with it.</param>
/// <param name="Ipv6">The second part.</param>
internal sealed record SubnetKey(IpPrefix Ipv4, IpPrefix? Ipv6)
{
    public PodCidrs PodCidrs => new(Ipv4, Ipv6);

    public IEnumerable<IpPrefix> Prefixes => Ipv6 is { } ipv6 ? [Ipv4, ipv6] : [Ipv4];

    /// <summary>
    /// The name of the node: etcd has no names, and all else of a lease may change. Each character no name can have
    /// is an underscore, which no key has: two keys never make one name.
    /// </summary>
    public string NodeName => ToString().Replace('&', '_').Replace(':', '_');

    /// <summary>False without an IPv4 subnet, for which there is no key.</summary>
    public static bool TryOf(PodCidrs podCidrs, [NotNullWhen(true)] out SubnetKey? key)
    {
        key = podCidrs.Ipv4 is { } ipv4 ? new(ipv4, podCidrs.Ipv6) : null;
        return key is not null;
    }

    /// <summary>Reads what <see cref="ToString"/> writes, and nothing else; never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out SubnetKey? key)
    {
        string[] parts = Encoding.UTF8.GetString(text).Split('&');
        key = parts.Length <= 2 && TryParse(parts[0], IpFamily.IPv4, out IpPrefix ipv4)
            ? parts.Length == 1 ? new(ipv4, null)
                : TryParse(parts[1], IpFamily.IPv6, out IpPrefix ipv6) ? new(ipv4, ipv6) : null
            : null;

        // A subnet has one key: a second spelling would be a second owner.
        if (key is not null && !Encoding.UTF8.GetBytes(key.ToString()).AsSpan().SequenceEqual(text)) key = null;
        return key is not null;
    }

    public override string ToString() =>
        string.Join('&', Prefixes.Select(static prefix => $"{prefix.Address}-{prefix.Length}"));

    private static bool TryParse(string part, IpFamily family, out IpPrefix prefix)
    {
        int dash = part.LastIndexOf('-');
        prefix = default;
        return dash > 0 && IpPrefix.TryParse($"{part.AsSpan(0, dash)}/{part.AsSpan(dash + 1)}", out prefix)
            && prefix.Family == family;
    }
}
