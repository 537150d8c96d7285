using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Linux.Handover;
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
/// <param name="logger">Logs what is not taken, and a store that takes nothing.</param>
internal sealed class ServiceStore(ILogger<ServiceStore> logger) : IDescriptorStore
{
    private const string Tun = "tun";
    private const string Receiving = "receiving";
    private const string Sending = "sending";

    private static readonly string[] _names = [Tun, Receiving, Sending];

    // Those that this process was started with; null once they are taken.
    private static List<(string Name, int Descriptor)>? _given = [];

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private bool _hasFailed;

    /// <summary>Reads the descriptors that the process was started with. To be called once, before any program is started.</summary>
    public static void Read()
    {
        const int First = 3;
        (string? process, string? count, string? names) = (Take("LISTEN_PID"), Take("LISTEN_FDS"), Take("LISTEN_FDNAMES"));
        if (process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || names?.Split(':') is not { } all || all.Length != number) return;
        _given = [.. all.Select(static (name, i) => (name, First + i))];
        foreach ((_, int descriptor) in _given) DescriptorFacts.CloseAtExec(descriptor);

        static string? Take(string variable)
        {
            string? value = Environment.GetEnvironmentVariable(variable);
            Environment.SetEnvironmentVariable(variable, null);
            return value;
        }
    }

    /// <inheritdoc/>
    public InheritedNode? Take(NodePlan plan)
    {
        List<(string Name, int Descriptor)> given = _given ?? [];
        _given = null;
        if (given.Count == 0) return null;
        InheritedNode node = new(Of(Tun), new UdpDescriptors(Of(Receiving), Of(Sending)));
        if (given.TrueForAll(static descriptor => _names.Contains(descriptor.Name)) && Fits(node, plan)) return node;
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
        Store(Tun, node.TunQueues);
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
        if (ServiceManager.Path is not { } path) return;
        try
        {
            ServiceManager.Send(path, state, descriptors);
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
        IpAddress[] addresses =
            [.. new IpAddress?[] { plan.Underlay.Ipv4, plan.Underlay.Ipv6 }.OfType<IpAddress>()];
        return node.TunQueues.Count == queues
            && node.TunQueues.All(queue => DescriptorFacts.TunName(queue) == device)
            && AreBound(node.Sockets.Receiving, addresses, queues, plan.Options.Network.Port)
            && AreBound(node.Sockets.Sending, addresses, SourcePorts.Count, null)
            && HasOwnAddresses(device, plan.Options);
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

    // A device with addresses of former pod CIDRs is made anew.
    private static bool HasOwnAddresses(string device, OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        IpAddress[] own = [.. options.PodCidrs.Select(static podCidr => podCidr.Address)];
        return netlink.FindLink(device) is { } link && netlink.GetAddresses(link)
            .Where(static address => address.IsGlobal).All(address => own.Contains(address.Address));
    }
}
