using Overlay.Cni.Protocol;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>
/// Compares an attachment with what was asked for. Hardware address, MTU and further addresses are a later plugin's to
/// change (tuning, for one), so they are no difference.
/// </summary>
/// <param name="request">What was asked for.</param>
/// <param name="isOurs">False: another plugin made the pair, with a hairpin mode of its own.</param>
internal sealed class AttachmentCheck(AttachmentRequest request, bool isOurs)
{
    /// <exception cref="CniException">The bridge, or the pair's side on it, is not as it was made.</exception>
    public void CheckNode(RouteNetlink netlink)
    {
        string name = request.Bridge.Name;
        if (netlink.FindLink(name) is not { } bridge) throw Differs($"the bridge {name} is gone");
        if (bridge.Kind != "bridge") throw Differs($"{name} is no bridge");
        if (!bridge.IsUp) throw Differs($"the bridge {name} is down");
        if (netlink.FindLink(request.HostInterfaceName) is not { } host)
            throw Differs($"{request.HostInterfaceName} is gone from the node");
        if (!host.IsUp) throw Differs($"{request.HostInterfaceName} is down");
        if (host.MasterIndex != bridge.Index || netlink.FindBridgePort(host.Name) is not { } port)
            throw Differs($"{request.HostInterfaceName} is no port of {name}");
        if (isOurs && port.IsHairpin != request.Bridge.HairpinMode)
            throw Differs($"hairpin mode of {request.HostInterfaceName} is {(port.IsHairpin ? "on" : "off")}");
        if (!request.Bridge.IsGateway) return;
        IReadOnlyList<AddressInfo> present = netlink.GetAddresses(bridge);
        foreach (PodAddress address in request.Addresses)
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
        if (netlink.FindLink(name) is not { } link)
            throw Differs($"{name} is gone from {request.NetworkNamespacePath}");
        if (link.Kind != "veth") throw Differs($"{name} in {request.NetworkNamespacePath} is no veth");
        if (!link.IsUp) throw Differs($"{name} in {request.NetworkNamespacePath} is down");
        IReadOnlyList<AddressInfo> present = netlink.GetAddresses(link);
        foreach (PodAddress address in request.Addresses)
        {
            if (!Has(present, address))
                throw Differs($"{name} has lost its address {address.Address}/{address.PrefixLength}");
        }

        IReadOnlyList<RouteInfo> routes = netlink.GetRoutes();
        PodInterface side = new(netlink, request);
        foreach (PodRoute route in side.Routes()) RequireRoute(routes, side.Resolve(link, route), name);
    }

    private static void RequireRoute(IReadOnlyList<RouteInfo> routes, RouteInfo wanted, string interfaceName)
    {
        RouteInfo? other = null;
        foreach (RouteInfo route in routes)
        {
            if (route.Prefix != wanted.Prefix) continue;
            if (route.LinkIndex == wanted.LinkIndex && route.Gateway == wanted.Gateway) return;
            other ??= route;
        }

        if (other is null) throw Differs($"the pod has lost its route to {wanted.Prefix}");
        if (other.LinkIndex != wanted.LinkIndex)
            throw Differs($"the pod's route to {wanted.Prefix} does not lead by {interfaceName}");
        throw Differs(
            $"the pod's route to {wanted.Prefix} leads to {Name(other.Gateway)}, not to {Name(wanted.Gateway)}");
    }

    private static string Name(IpAddress? gateway) => gateway is { } address ? $"gateway {address}" : "the link";

    private static bool Has(IReadOnlyList<AddressInfo> present, PodAddress wanted)
    {
        foreach (AddressInfo there in present)
        {
            if (there.Address == wanted.Address && there.PrefixLength == wanted.PrefixLength) return true;
        }

        return false;
    }

    private static CniException Differs(string what) => new(CniErrorCode.Differs, what);
}
