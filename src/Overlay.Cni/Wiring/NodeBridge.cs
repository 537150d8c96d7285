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
        if (bridge.Kind != "bridge")
        {
            throw new CniException(
                CniErrorCode.InvalidConfiguration,
                $"{settings.Name} is no bridge but "
                + $"{(bridge.Kind.Length == 0 ? "a physical device" : $"of kind {bridge.Kind}")}; name another one, "
                + "for example \"bridge\": \"cni0\"");
        }

        if (!bridge.IsUp) netlink.SetUp(settings.Name);
        if (settings.PromiscuousMode) netlink.SetPromiscuous(settings.Name);
        if (settings.IsGateway) EnsureGateways(bridge, request.Addresses);
        return bridge;
    }

    private LinkInfo Create(AttachmentRequest request)
    {
        // Without an address of its own a bridge takes the lowest of its ports', another one whenever pods come and go.
        MacAddress mac = StableMac.Of(FirstGateway(request.Addresses));
        if (netlink.TryCreateBridge(settings.Name, mac, (int)request.Mtu) && HasIpv6)
            NetworkSetting.Set($"ipv6/conf/{settings.Name}/accept_ra", "0");

        // Another attachment may have made it a moment ago.
        return netlink.FindLink(settings.Name) ?? throw new LinuxException("RTM_GETLINK", settings.Name, Errno.ENODEV);
    }

    private static bool HasIpv6 => Directory.Exists("/proc/sys/net/ipv6");

    private static IpAddress FirstGateway(IReadOnlyList<PodAddress> addresses)
    {
        foreach (PodAddress address in addresses)
        {
            if (address.Gateway is { } gateway) return gateway;
        }

        // Of no subnet: there is nothing that two bridges could be mixed up by.
        return new Ipv4Address((uint)Random.Shared.Next());
    }

    private void EnsureGateways(LinkInfo bridge, IReadOnlyList<PodAddress> addresses)
    {
        IReadOnlyList<AddressInfo>? present = null;
        foreach (PodAddress wanted in addresses)
        {
            if (wanted.Gateway is not { } gateway) continue;
            present ??= netlink.GetAddresses(bridge);
            EnsureForwarding(gateway.Family);
            if (!MakeRoom(bridge, present, gateway, wanted.PrefixLength)) continue;
            if (gateway.Family == IpFamily.IPv6) NetworkSetting.Set($"ipv6/conf/{bridge.Name}/disable_ipv6", "0");
            netlink.SetAddress(bridge, gateway, wanted.PrefixLength);
        }
    }

    // As the reference bridge plugin does: a gateway that does not forward is none.
    private static void EnsureForwarding(IpFamily family) =>
        NetworkSetting.Set(family == IpFamily.IPv4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding", "1");

    // IPv6 devices have several addresses as a rule, so there only an overlapping subnet is in the way.
    private bool MakeRoom(LinkInfo bridge, IReadOnlyList<AddressInfo> present, IpAddress gateway, int prefixLength)
    {
        IpPrefix subnet = new(gateway, prefixLength);
        foreach (AddressInfo there in present)
        {
            if (there.Address == gateway && there.PrefixLength == prefixLength) return false;
        }

        foreach (AddressInfo there in present)
        {
            if (there.Address.Family != gateway.Family) continue;
            if (gateway.Family == IpFamily.IPv6 && !there.Network.Overlaps(subnet)) continue;
            if (!settings.ForceAddress)
            {
                throw new CniException(
                    CniErrorCode.Wiring,
                    $"{bridge.Name} has the address {there.Address}/{there.PrefixLength}, and the pods' gateway is "
                    + $"{gateway}/{prefixLength}; remove the one there, or set \"forceAddress\": true");
            }

            netlink.RemoveAddress(bridge, there.Address, there.PrefixLength);
        }

        return true;
    }
}
