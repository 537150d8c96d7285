using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>
/// The bridge of the node. It is the node's and not a pod's: no failed attachment takes it away again.
/// </summary>
/// <param name="netlink">In the namespace of the node.</param>
/// <param name="settings">What is asked of it.</param>
internal sealed class NodeBridge(RouteNetlink netlink, BridgeSettings settings)
{
    /// <summary>
    /// Makes it, or takes the one that is there as it is, whoever made it; up, with the gateways' addresses.
    /// </summary>
    /// <exception cref="CniException">
    /// The name is taken by another kind of device, or an address of another subnet is in the way.
    /// </exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public LinkInfo Ensure(AttachmentRequest request)
    {
        LinkInfo bridge = netlink.FindLink(settings.Name) ?? Create(request);
        RequireBridge(bridge);
        RefuseRouters();
        if (!bridge.IsUp) netlink.SetUp(settings.Name);
        if (settings.PromiscuousMode) netlink.SetPromiscuous(settings.Name);
        if (!settings.IsGateway) return bridge;
        EnsureForwarding(request.Addresses);
        new BridgeAddresses(netlink, bridge, request.Addresses, request.Former).Ensure(settings.ForceAddress);
        return bridge;
    }

    /// <summary>Says why <see cref="Ensure"/> would not take the bridge as it is. Changes nothing.</summary>
    /// <exception cref="CniException">As for <see cref="Ensure"/>.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RequireRoom(IReadOnlyList<PodAddress> pods, FormerPodCidrs former)
    {
        if (netlink.FindLink(settings.Name) is not { } bridge) return;
        RequireBridge(bridge);
        if (settings is { IsGateway: true, ForceAddress: false })
            new BridgeAddresses(netlink, bridge, pods, former).RequireRoom();
    }

    private void RequireBridge(LinkInfo link)
    {
        if (link.Kind == "bridge") return;
        throw new CniException(
            CniErrorCode.InvalidConfiguration,
            $"{settings.Name} is no bridge but "
            + $"{(link.Kind.Length == 0 ? "a physical device" : $"of kind {link.Kind}")}; name another one, for "
            + "example \"bridge\": \"cni0\"");
    }

    private LinkInfo Create(AttachmentRequest request)
    {
        // Without an address of its own a bridge takes the lowest of its ports', another one whenever pods come and go.
        MacAddress mac = StableMac.Of(FirstGateway(request.Addresses));
        _ = netlink.TryCreateBridge(settings.Name, mac, (int)request.Mtu);

        // Another attachment may have made it a moment ago.
        return netlink.FindLink(settings.Name) ?? throw new LinuxException("RTM_GETLINK", settings.Name, Errno.ENODEV);
    }

    private static IpAddress FirstGateway(IReadOnlyList<PodAddress> addresses)
    {
        foreach (PodAddress address in addresses)
        {
            if (address.Gateway is { } gateway) return gateway;
        }

        // Of no subnet: there is nothing that two bridges could be mixed up by.
        return new Ipv4Address((uint)Random.Shared.Next());
    }

    // As the reference bridge plugin does: a gateway that does not forward is none.
    private void EnsureForwarding(IReadOnlyList<PodAddress> addresses)
    {
        foreach (PodAddress address in addresses)
        {
            if (address.Gateway is { } gateway) NetworkSetting.SwitchOnForwarding(netlink, gateway.Family);
        }
    }

    // A pod could send advertisements, and the host would route by them (CVE-2020-10749). Also where another has made
    // the bridge: its ports are our pods. A device below IPv6's smallest MTU has no such setting.
    private void RefuseRouters() => NetworkSetting.SetWhereKnown($"ipv6/conf/{settings.Name}/accept_ra", "0");
}
