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
        using NamespaceHandle pod = Open(request.NetworkNamespacePath);
        try
        {
            using RouteNetlink netlink = new();
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
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    /// <summary>Removes the pair. Nothing there is a success.</summary>
    /// <param name="networkNamespacePath">
    /// Null, empty, gone or no namespace: the pair is looked for by the host's side alone.
    /// </param>
    /// <param name="interfaceName">In the pod.</param>
    /// <param name="hostInterfaceName">In the namespace of the node.</param>
    /// <exception cref="CniException">The pair is there and cannot be removed.</exception>
    public static void Detach(string? networkNamespacePath, string interfaceName, string hostInterfaceName)
    {
        try
        {
            using RouteNetlink netlink = new();
            if (netlink.TryDelete(hostInterfaceName) || string.IsNullOrEmpty(networkNamespacePath)) return;

            // A pod that another plugin made, flannel's for one, has a host's side of a name we cannot know.
            using NamespaceHandle? pod = TryOpen(networkNamespacePath);
            if (pod is null || pod.IsCurrent()) return;
            _ = pod.Invoke(() =>
            {
                using RouteNetlink inside = new();
                return inside.FindLink(interfaceName) is { Kind: "veth" } && inside.TryDelete(interfaceName);
            });
        }
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    /// <summary>
    /// Compares what is there with what was asked for; what later plugins of a chain have added is no difference.
    /// </summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="isOurs">False: another plugin made the pair, with a hairpin mode of its own.</param>
    /// <exception cref="CniException">Names what differs.</exception>
    public static void Check(AttachmentRequest request, bool isOurs = true)
    {
        using NamespaceHandle pod = Open(request.NetworkNamespacePath);
        try
        {
            using RouteNetlink netlink = new();
            AttachmentCheck check = new(request, isOurs);
            check.CheckNode(netlink);
            _ = pod.Invoke(() =>
            {
                using RouteNetlink inside = new();
                check.CheckPod(inside);
                return true;
            });
        }
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    private static Attachment Configure(
        RouteNetlink netlink, NamespaceHandle pod, LinkInfo bridge, AttachmentRequest request)
    {
        netlink.SetUpPort(request.HostInterfaceName, request.Bridge.HairpinMode);
        return pod.Invoke(() =>
        {
            using RouteNetlink inside = new();
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
        if (addresses.Count > 0) return StableMac.Of(addresses[0].Address);
        Span<byte> random = stackalloc byte[MacAddress.Length];
        Random.Shared.NextBytes(random);
        return MacAddress.FromRandom(random);
    }

    private static NamespaceHandle Open(string path)
    {
        NamespaceHandle pod = TryOpen(path) ?? throw new CniException(
            CniErrorCode.UnknownContainer, $"CNI_NETNS={path} is no network namespace; example: /run/netns/cni-1");
        if (!pod.IsCurrent()) return pod;
        pod.Dispose();
        throw new CniException(
            CniErrorCode.InvalidEnvironment,
            $"CNI_NETNS={path} is the network namespace of the node itself; example: /run/netns/cni-1");
    }

    private static NamespaceHandle? TryOpen(string path)
    {
        try
        {
            return NamespaceHandle.Open(path);
        }
        catch (LinuxException none) when (none.Errno is not (Errno.EPERM or Errno.EACCES))
        {
            return null;
        }
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    private static CniException Explain(LinuxException refused) => refused.Errno switch
    {
        Errno.EPERM or Errno.EACCES => new(
            CniErrorCode.Wiring, refused.Message, "needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN"),
        Errno.EBUSY or Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM =>
            new(CniErrorCode.TryAgainLater, refused.Message),
        _ => new(CniErrorCode.Wiring, refused.Message),
    };
}
