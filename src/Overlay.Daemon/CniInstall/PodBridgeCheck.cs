using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Daemon.CniInstall;

/// <summary>
/// Looks at the addresses of the pods' bridge, which the plugin makes: one that is not the node's is of a former pod
/// CIDR, or keeps the plugin from adding pods.
/// </summary>
/// <param name="bridge">Its name.</param>
/// <param name="allocations">Directory of all networks' allocations.</param>
internal sealed class PodBridgeCheck(string bridge = "cni0", string allocations = AddressStore.DefaultDirectory)
{
    /// <summary>Looks once.</summary>
    /// <param name="options">With the node's pod CIDRs.</param>
    /// <exception cref="IOException">The kernel or the allocations cannot be asked.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public Finding Look(OverlayOptions options)
    {
        IpPrefix[] own = [.. options.PodCidrs];
        IpPrefix[] networks = [.. options.Network.Cidrs];
        using RouteNetlink netlink = new();
        if (netlink.FindLink(bridge) is not { Kind: "bridge" } link) return new([], []);
        List<string> problems = [];
        List<string> warnings = [];
        foreach (AddressInfo there in netlink.GetAddresses(link))
        {
            if (!there.IsGlobal || Contains(own, there.Address)) continue;
            if (Contains(networks, there.Address)) warnings.Add(Former(there, own));
            else if (there.Address.Family == IpFamily.IPv4 && options.Subnet is { } subnet)
                problems.Add(InTheWay(there, subnet));
        }

        return new(problems, warnings);
    }

    private string Former(AddressInfo there, IpPrefix[] own)
    {
        string address = $"{there.Address}/{there.PrefixLength}";
        string begin = $"{bridge} has the address {address} of a pod CIDR that this node no longer has";
        bool hasPods = AddressStore.HasHolder(allocations, pod => there.Network.Contains(pod) && !Contains(own, pod));
        return hasPods
            ? $"{begin}, for pods with addresses of {there.Network}: other nodes do not reach those; delete them, and "
                + "they are made anew with an address that is this node's (kubectl delete pod NAME); the next pod "
                + "after the last of them takes the address away"
            : $"{begin}; the next pod takes it away, or: ip address delete {address} dev {bridge}";
    }

    private string InTheWay(AddressInfo there, IpPrefix subnet)
    {
        string address = $"{there.Address}/{there.PrefixLength}";
        return $"{bridge} has the address {address}, which is in no cluster network, and is to have that of {subnet}: "
            + $"no pod can be added; ip address delete {address} dev {bridge}, or \"forceAddress\": true in the CNI "
            + "configuration";
    }

    private static bool Contains(IEnumerable<IpPrefix> prefixes, IpAddress address) =>
        prefixes.Any(prefix => prefix.Contains(address));

    /// <param name="Problems">A sentence for each address that keeps pods from being added, with the mend.</param>
    /// <param name="Warnings">A sentence for each address of former days.</param>
    internal sealed record Finding(IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings);
}
