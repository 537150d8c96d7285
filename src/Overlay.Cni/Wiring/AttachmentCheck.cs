using Overlay.Linux;

namespace Overlay.Cni;

/// <summary>
/// Compares an attachment with what was asked for. Hardware address, MTU and further addresses are a later plugin's to
/// change (tuning, for one), so they are no difference.
/// </summary>
/// <param name="request">What was asked for.</param>
internal sealed class AttachmentCheck(AttachmentRequest request)
{
    /// <exception cref="CniException">The bridge, or the pair's side on it, is not as it was made.</exception>
    public void CheckNode(RouteNetlink netlink)
    {
        string name = request.Bridge.Name;
        if (netlink.FindLink(name) is not { } bridge) throw Differs($"the bridge {name} is gone");
        if (bridge.Kind != "bridge") throw Differs($"{name} is no bridge");
        if (!bridge.IsUp) throw Differs($"the bridge {name} is down");
        if (netlink.FindLink(request.HostInterfaceName) is not { } host) throw Differs($"{request.HostInterfaceName} is gone from the node");
        if (!host.IsUp) throw Differs($"{request.HostInterfaceName} is down");
        if (host.MasterIndex != bridge.Index) throw Differs($"{request.HostInterfaceName} is no port of {name}");
        if (!request.Bridge.IsGateway) return;
        IReadOnlyList<AddressInfo> present = netlink.GetAddresses(bridge);
        foreach (InterfaceAddress address in request.Addresses)
        {
            if (address.Gateway is { } gateway && !Has(present, new(gateway, address.PrefixLength, null)))
                throw Differs($"{name} has lost the gateway's address {gateway}/{address.PrefixLength}");
        }
    }

    /// <summary>For a thread in the pod's network namespace.</summary>
    /// <exception cref="CniException">The interface, an address or a route is not as it was made.</exception>
    public void CheckPod(RouteNetlink netlink)
    {
        string name = request.InterfaceName;
        if (netlink.FindLink(name) is not { } link) throw Differs($"{name} is gone from {request.NetworkNamespacePath}");
        if (link.Kind != "veth") throw Differs($"{name} in {request.NetworkNamespacePath} is no veth");
        if (!link.IsUp) throw Differs($"{name} in {request.NetworkNamespacePath} is down");
        IReadOnlyList<AddressInfo> present = netlink.GetAddresses(link);
        foreach (InterfaceAddress address in request.Addresses)
        {
            if (!Has(present, address)) throw Differs($"{name} has lost its address {address.Address}/{address.PrefixLength}");
        }

        // Of a destination that another interface leads to already, ADD left that one's route.
        IReadOnlyList<RouteInfo> routes = netlink.GetRoutes();
        foreach (RouteInfo wanted in new PodInterface(netlink, request).Routes(link))
        {
            if (!Leads(routes, wanted)) throw Differs($"the pod has lost its route to {wanted.Prefix}");
        }
    }

    private static bool Leads(IReadOnlyList<RouteInfo> routes, RouteInfo wanted)
    {
        foreach (RouteInfo route in routes)
        {
            if (route.Prefix == wanted.Prefix) return true;
        }

        return false;
    }

    private static bool Has(IReadOnlyList<AddressInfo> present, InterfaceAddress wanted)
    {
        foreach (AddressInfo there in present)
        {
            if (there.Address == wanted.Address && there.PrefixLength == wanted.PrefixLength) return true;
        }

        return false;
    }

    private static CniException Differs(string what) => new(CniErrorCode.Differs, what);
}
