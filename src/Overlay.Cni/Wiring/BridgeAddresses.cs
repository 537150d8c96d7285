using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>The gateways' addresses on the node's bridge, and what stands there instead of them.</summary>
/// <param name="netlink">In the namespace of the node.</param>
/// <param name="bridge">The bridge.</param>
/// <param name="pods">Whose gateways the bridge is to be.</param>
/// <param name="former">The pod CIDRs of former days.</param>
internal sealed class BridgeAddresses(
    RouteNetlink netlink, LinkInfo bridge, IReadOnlyList<PodAddress> pods, FormerPodCidrs former)
{
    private readonly IReadOnlyList<AddressInfo> _present = netlink.GetAddresses(bridge);

    /// <summary>
    /// Gives the bridge the gateways' addresses. An address of a former pod CIDR goes once nobody needs it.
    /// </summary>
    /// <param name="forces">An address of another subnet gives way.</param>
    /// <exception cref="CniException">An address of another subnet is in the way.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Ensure(bool forces)
    {
        foreach (AddressInfo there in _present)
        {
            if (!IsWanted(there) && former.Contain(there.Address) && !IsNeeded(there)) Remove(there);
        }

        foreach (PodAddress wanted in pods)
        {
            if (wanted.Gateway is not { } gateway || IsPresent(gateway, wanted.PrefixLength)) continue;
            foreach (AddressInfo there in InTheWayOf(gateway, wanted.PrefixLength))
            {
                if (!forces) throw Refusal(there, gateway, wanted.PrefixLength);
                Remove(there);
            }

            if (gateway.Family == IpFamily.IPv6) NetworkSetting.Set($"ipv6/conf/{bridge.Name}/disable_ipv6", "0");
            netlink.SetAddress(bridge, gateway, wanted.PrefixLength);
        }
    }

    /// <summary>Changes nothing.</summary>
    /// <exception cref="CniException">As <see cref="Ensure"/>.</exception>
    public void RequireRoom()
    {
        foreach (PodAddress wanted in pods)
        {
            if (wanted.Gateway is not { } gateway || IsPresent(gateway, wanted.PrefixLength)) continue;
            foreach (AddressInfo there in InTheWayOf(gateway, wanted.PrefixLength))
                throw Refusal(there, gateway, wanted.PrefixLength);
        }
    }

    private bool IsPresent(IpAddress gateway, int prefixLength)
    {
        foreach (AddressInfo there in _present)
        {
            if (there.Address == gateway && there.PrefixLength == prefixLength) return true;
        }

        return false;
    }

    // IPv6 devices have several addresses as a rule, so there only an overlapping subnet is in the way.
    private IEnumerable<AddressInfo> InTheWayOf(IpAddress gateway, int prefixLength)
    {
        IpPrefix subnet = new(gateway, prefixLength);
        foreach (AddressInfo there in _present)
        {
            if (there.Address.Family != gateway.Family || IsWanted(there) || former.Contain(there.Address)) continue;
            if (gateway.Family == IpFamily.IPv4 || there.Network.Overlaps(subnet)) yield return there;
        }
    }

    private bool IsWanted(AddressInfo there)
    {
        foreach (PodAddress pod in pods)
        {
            if (pod.Gateway == there.Address && pod.PrefixLength == there.PrefixLength) return true;
        }

        return false;
    }

    private bool IsNeeded(AddressInfo there) => HasPorts() && former.HasPods(there.Network);

    private bool HasPorts()
    {
        foreach (LinkInfo link in netlink.GetLinks())
        {
            if (link.MasterIndex == bridge.Index) return true;
        }

        return false;
    }

    private void Remove(AddressInfo there)
    {
        try
        {
            netlink.RemoveAddress(bridge, there.Address, there.PrefixLength);
        }
        catch (LinuxException gone) when (gone.Errno == Errno.EADDRNOTAVAIL)
        {
            // Another attachment has been faster.
        }
    }

    private CniException Refusal(AddressInfo there, IpAddress gateway, int prefixLength)
    {
        string found = $"{there.Address}/{there.PrefixLength}";
        return new(
            CniErrorCode.Wiring,
            $"{bridge.Name} has the address {found}, and the pods' gateway is {gateway}/{prefixLength}; remove the one "
            + $"there (ip address delete {found} dev {bridge.Name}), or set \"forceAddress\": true");
    }
}
