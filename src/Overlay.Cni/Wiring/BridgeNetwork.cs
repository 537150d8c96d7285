using System.Diagnostics;
using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Namespaces;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>Plugs pods into a bridge of the node, and out again.</summary>
internal static class BridgeNetwork
{
    // The kernel tells a bridge of a port's carrier at its leisure, at the latest after a second.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Makes the bridge if it is missing, the veth pair, addresses and routes, and brings the pod's loopback up; all or
    /// nothing but for the bridge, which is other pods' too. When it returns the pod is reachable, and has said so.
    /// </summary>
    /// <exception cref="CniException">Something could not be made; what was made before it is undone.</exception>
    public static Attachment Attach(AttachmentRequest request)
    {
        using NamespaceHandle pod = PodNamespace.Open(request.NetworkNamespacePath);
        return PodNamespace.WithNetlink(netlink => Attach(netlink, pod, request));
    }

    /// <summary>Removes the pair. Nothing there is a success.</summary>
    /// <param name="hostInterfaceName">In the namespace of the node.</param>
    /// <exception cref="CniException">The pair is there and cannot be removed.</exception>
    public static void Detach(string hostInterfaceName) =>
        PodNamespace.WithNetlink(netlink => netlink.TryDelete(hostInterfaceName));

    /// <summary>
    /// As <see cref="Detach(string)"/>; where the node's side is not found, by the pod's side, whose pair another
    /// plugin may have made under a name we cannot know.
    /// </summary>
    /// <remarks>
    /// The path may be another pod's by now: an interface is the attachment's where it has one of its addresses.
    /// </remarks>
    /// <param name="networkNamespacePath">Empty, gone or no namespace: the node's side is all there is.</param>
    /// <param name="interfaceName">In the pod.</param>
    /// <param name="hostInterfaceName">In the namespace of the node.</param>
    /// <param name="own">The attachment's addresses.</param>
    /// <exception cref="CniException">The pair is there and cannot be removed.</exception>
    public static void Detach(
        string networkNamespacePath, string interfaceName, string hostInterfaceName,
        Func<IReadOnlyList<IpAddress>> own) => PodNamespace.WithNetlink(netlink =>
    {
        if (netlink.TryDelete(hostInterfaceName) || networkNamespacePath.Length == 0) return true;
        using NamespaceHandle? pod = PodNamespace.TryOpen(networkNamespacePath);
        return pod is not null && !pod.IsCurrent() && own() is { Count: > 0 } addresses
            && PodNamespace.Inside(pod, inside => inside.FindLink(interfaceName) is { Kind: "veth" } link
                && inside.GetAddresses(link).Any(there => addresses.Contains(there.Address))
                && inside.TryDelete(interfaceName));
    });

    /// <summary>Says why an attachment would be refused for an address of the bridge. Changes nothing.</summary>
    /// <param name="settings">The bridge; one that is not there yet has room.</param>
    /// <param name="pods">Whose gateways it is to be.</param>
    /// <param name="former">Addresses that are in nobody's way.</param>
    /// <exception cref="CniException">It is no bridge, or an address is in the way.</exception>
    public static void RequireRoom(BridgeSettings settings, IReadOnlyList<PodAddress> pods, FormerPodCidrs former) =>
        PodNamespace.WithNetlink(netlink =>
        {
            new NodeBridge(netlink, settings).RequireRoom(pods, former);
            return true;
        });

    /// <summary>
    /// Compares what is there with what was asked for; what later plugins of a chain have added is no difference.
    /// </summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="isOurs">False: another plugin made the pair, with a hairpin mode of its own.</param>
    /// <exception cref="CniException">Names what differs.</exception>
    public static void Check(AttachmentRequest request, bool isOurs = true)
    {
        using NamespaceHandle pod = PodNamespace.Open(request.NetworkNamespacePath);
        AttachmentCheck check = new(request, isOurs);
        _ = PodNamespace.WithNetlink(netlink =>
        {
            check.CheckNode(netlink);
            return true;
        });
        _ = PodNamespace.Inside(pod, netlink =>
        {
            check.CheckPod(netlink);
            return true;
        });
    }

    private static Attachment Attach(RouteNetlink netlink, NamespaceHandle pod, AttachmentRequest request)
    {
        LinkInfo bridge = new NodeBridge(netlink, request.Bridge).Ensure(request);
        MacAddress mac = request.Mac ?? MacOf(request.Addresses);
        CreatePair(netlink, new VethPair(
            request.HostInterfaceName, bridge, pod, request.InterfaceName, mac, (int)request.Mtu));
        try
        {
            return Configure(netlink, pod, bridge, request);
        }
        catch
        {
            _ = netlink.TryDelete(request.HostInterfaceName);
            throw;
        }
    }

    private static Attachment Configure(
        RouteNetlink netlink, NamespaceHandle pod, LinkInfo bridge, AttachmentRequest request)
    {
        netlink.SetUpPort(request.HostInterfaceName, request.Bridge.HairpinMode);
        return PodNamespace.Inside(pod, inside =>
        {
            PodInterface side = new(inside, request);
            LinkInfo link = side.SetUp();
            LinkInfo host = WaitForPort(netlink, request);

            // An announcement sent earlier would have been dropped at the port.
            side.Announce(link);
            return new Attachment
            {
                BridgeName = bridge.Name,
                BridgeMac = bridge.Address,
                HostInterfaceName = host.Name,
                HostMac = host.Address,
                InterfaceName = link.Name,
                Mac = link.Address,
                Sandbox = request.NetworkNamespacePath,
                Mtu = (uint)link.Mtu,
                Routes = side.Added,
            };
        });
    }

    private static void CreatePair(RouteNetlink netlink, VethPair pair)
    {
        try
        {
            netlink.CreateVeth(pair);
        }
        catch (LinuxException taken) when (taken.Errno == Errno.EEXIST)
        {
            string where = netlink.FindLink(pair.Name) is not null
                ? $"{pair.Name} already exists on the node: an earlier ADD of this attachment was not followed by its "
                    + "DEL"
                : $"{pair.PeerName} already exists in {pair.PeerNamespace.Path}";
            throw new CniException(CniErrorCode.Wiring, where);
        }
    }

    private static LinkInfo WaitForPort(RouteNetlink netlink, AttachmentRequest request)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < _patience)
        {
            BridgePortInfo port = netlink.FindBridgePort(request.HostInterfaceName)
                ?? throw new CniException(
                    CniErrorCode.Wiring, $"{request.HostInterfaceName} has been taken away from {request.Bridge.Name}");
            if (port.IsEnabled) return port.Link;
            Thread.Sleep(1);
        }

        throw new CniException(
            CniErrorCode.Wiring,
            $"{request.HostInterfaceName} does not come up on {request.Bridge.Name}; is that bridge up?");
    }

    private static MacAddress MacOf(IReadOnlyList<PodAddress> addresses)
    {
        if (addresses.Count > 0) return StableMac.Of(addresses[0].Address, addresses[0].Gateway);
        Span<byte> random = stackalloc byte[MacAddress.Length];
        Random.Shared.NextBytes(random);
        return MacAddress.FromRandom(random);
    }
}
