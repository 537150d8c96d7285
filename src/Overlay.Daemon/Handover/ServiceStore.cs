using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Handover;

/// <summary>
/// systemd's store of descriptors (FileDescriptorStoreMax=, sd_notify(3) FDSTORE=1, sd_listen_fds(3)): a crash, and a
/// restart with <c>KeepAtStop</c>, leave device and sockets open there, and what arrives waits in them.
/// </summary>
/// <remarks>Silent where no service manager has started this process. One thread at a time.</remarks>
/// <param name="start">Has the descriptors that the store gave this process.</param>
/// <param name="logger">Logs what is not taken, and a store that takes nothing.</param>
internal sealed class ServiceStore(ProcessStart start, ILogger<ServiceStore> logger) : IDescriptorStore
{
    private const string Tun = "tun";
    private const string Writer = "tun-writer";
    private const string Receiving = "receiving";
    private const string Sending = "sending";

    private static readonly string[] _names = [Tun, Writer, Receiving, Sending];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private bool _isTaken;
    private bool _hasFailed;

    /// <inheritdoc/>
    public InheritedNode? Take(NodePlan plan)
    {
        IReadOnlyList<(string Name, int Descriptor)> given = start.Descriptors;
        if (_isTaken || given.Count == 0) return null;
        _isTaken = true;
        InheritedNode node = new(
            new TunDescriptors(Of(Tun), Of(Writer) is [int writer, ..] ? writer : null),
            new UdpDescriptors(Of(Receiving), Of(Sending)));
        if (given.All(static descriptor => _names.Contains(descriptor.Name)) && Fits(node, plan)) return node;
        logger.StoredDescriptorsDiffer(given.Count);
        DescriptorMessages.Close(given.Select(static descriptor => descriptor.Descriptor));
        Forget();
        AwaitRelease(DeviceNames.Of(plan.Options.Network.Vni));
        return null;

        int[] Of(string name) => [.. given.Where(entry => entry.Name == name).Select(static entry => entry.Descriptor)];
    }

    /// <inheritdoc/>
    public void Keep(InheritedNode? node)
    {
        Forget();
        if (node is null) return;
        Store(Tun, node.Tun.Queues);
        if (node.Tun.Writer is { } writer) Store(Writer, [writer]);
        Store(Receiving, node.Sockets.Receiving);
        Store(Sending, node.Sockets.Sending);
    }

    /// <inheritdoc/>
    public void Forget()
    {
        foreach (string name in _names) Send($"FDSTOREREMOVE=1\nFDNAME={name}");
    }

    // Without its poll: systemd gives up a socket that an ICMP error has come for.
    private void Store(string name, IReadOnlyList<int> descriptors) =>
        Send($"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", descriptors);

    private void Send(string state, params IReadOnlyList<int> descriptors)
    {
        if (NotifySocket.Path is not { } path) return;
        try
        {
            NotifySocket.Send(path, state, descriptors);
        }
        catch (Exception exception) when (exception is SocketException or IOException or ArgumentException)
        {
            if (!_hasFailed) logger.NoDescriptorStore(path, exception.Message);
            _hasFailed = true;
        }
    }

    private static bool Fits(InheritedNode node, NodePlan plan)
    {
        int queues = UnderlayEndpoint.QueueCount(plan.Options.Dataplane);
        string device = DeviceNames.Of(plan.Options.Network.Vni);
        IpAddress[] addresses = [.. plan.Underlay.Addresses];
        using RouteNetlink netlink = new();
        return node.Tun.Queues.Count == queues
            && node.Tun.All.All(tun => DescriptorFacts.TunName(tun) == device)
            && AreBound(node.Sockets.Receiving, addresses, queues, plan.Options.Network.Port)
            && AreBound(node.Sockets.Sending, addresses, SourcePorts.Count, null)
            && netlink.FindLink(device) is { } link && OverlayDevice.HasNoOtherAddress(netlink, link, plan.Options);
    }

    // systemd closes its own a moment later, and until then the device is somebody's.
    private static void AwaitRelease(string device)
    {
        using RouteNetlink netlink = new();
        _ = SpinWait.SpinUntil(() => netlink.FindLink(device) is not { HasCarrier: true }, _patience);
    }

    private static bool AreBound(IReadOnlyList<int> sockets, IpAddress[] addresses, int each, ushort? port)
    {
        (IpAddress Address, ushort Port)?[] ends = [.. sockets.Select(DescriptorFacts.UdpEnd)];
        return ends.Length == each * addresses.Length
            && addresses.All(address => ends.Count(end =>
                end is { } bound && bound.Address == address && (port is null || bound.Port == port)) == each);
    }
}
