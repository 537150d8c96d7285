using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>Chooses the address that tunnels end at from those of the underlay interface, for one family.</summary>
/// <remarks>
/// As flannel does, a link-local address comes last and else the kernel's order decides; but an address of a network
/// comes before a single one (/32, /128), and a network's first before its secondary ones: these are how virtual
/// addresses are given, and a virtual address moves to another host.
/// </remarks>
internal sealed class AddressChoice
{
    private static readonly IpPrefix _linkLocal = IpPrefix.Parse("169.254.0.0/16");

    private readonly List<AddressInfo> _candidates;
    private readonly IpAddress?[] _configured;

    /// <param name="usable">Addresses of the interface that may be advertised.</param>
    /// <param name="family">The family.</param>
    /// <param name="configured">
    /// Addresses that the configuration names, the most important first: they come before all others.
    /// </param>
    public AddressChoice(IEnumerable<AddressInfo> usable, IpFamily family, params IpAddress?[] configured)
    {
        _configured = configured;
        _candidates =
        [
            .. usable.Where(a => a.Address.Family == family)
                .OrderBy(Rank).ThenBy(IsLinkLocal).ThenBy(static a => a.IsSingle).ThenBy(static a => a.IsSecondary),
        ];
    }

    /// <summary>The address to take; null when there is none.</summary>
    public IpAddress? Chosen => _candidates.FirstOrDefault()?.Address;

    /// <summary>
    /// The address to take in the place of one that is gone: of the same network before others, and none that may be
    /// virtual in the place of a network's.
    /// </summary>
    /// <param name="lost">The address that is gone.</param>
    /// <param name="networks">Those that the interface was in with it.</param>
    public IpAddress? Successor(IpAddress lost, IEnumerable<IpPrefix> networks)
    {
        IpPrefix? network = networks.Where(n => n.Length < lost.Bits && n.Contains(lost))
            .Select(static n => (IpPrefix?)n).FirstOrDefault();
        return _candidates
            .Where(a => network is null || !a.IsSingle || Rank(a) < _configured.Length)
            .OrderBy(Rank).ThenBy(a => network?.Contains(a.Address) != true)
            .FirstOrDefault()?.Address;
    }

    /// <summary>Why that address; null where there is no other.</summary>
    public string? Reason(string device)
    {
        if (_candidates.Count < 2) return null;
        (AddressInfo first, AddressInfo second) = (_candidates[0], _candidates[1]);
        string reason = Rank(first) < _configured.Length ? "the configuration names it"
            : first.IsSingle != second.IsSingle ? "the others are single addresses, which may be virtual and move"
            : first.IsSecondary != second.IsSecondary ? "the others came to its network after it"
            : IsLinkLocal(first) != IsLinkLocal(second) ? "the others are link-local"
            : "it is the kernel's first";
        IEnumerable<string> others = _candidates.Skip(1).Select(static a => $"{a.Address}/{a.PrefixLength}");
        return $"tunnels end at {first.Address} of {device} and not at "
            + $"{string.Join(" or ", others)}: {reason}; Overlay:Interface takes an address too";
    }

    private int Rank(AddressInfo address) =>
        Array.IndexOf(_configured, address.Address) is var index and >= 0 ? index : _configured.Length;

    private static bool IsLinkLocal(AddressInfo address) =>
        address.Address.Family == IpFamily.IPv4 && _linkLocal.Contains(address.Address);
}
