using Microsoft.Extensions.Logging;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Ebpf.Probing;
using Overlay.Host.Interop;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tiers;

/// <summary>
/// The kernel's part in forwarding: the eBPF tier of this node's network, where it is wanted and the kernel has all it takes.
/// </summary>
/// <remarks>
/// Workers run first, and <see cref="Settle"/> gives the port and pods' packets to the kernel, or takes them back from what an
/// earlier run has left; workers go on with what the programs leave to them. Changed by one thread at a time; any thread may
/// read <see cref="Use"/>.
/// </remarks>
internal sealed class KernelTier : IDisposable
{
    private const string Key = "tier";

    // A device that somebody has removed takes the tunnels' port with it.
    private static readonly TimeSpan _lookPause = TimeSpan.FromSeconds(3);

    private readonly NetworkContext _context;
    private readonly Tier _wanted;
    private readonly bool _isLeft;
    private readonly ProbeResult _probe;
    private readonly Action _damaged;
    private readonly ILogger<KernelTier> _logger;
    private readonly TableCompletion _completion;
    private readonly Lock _gate = new();
    private Timer? _watch;
    private volatile EbpfTier? _tier;
    private volatile string _reason = "";

    /// <summary>Finds out whether the kernel has what the tier takes, where it is wanted or there is one.</summary>
    /// <param name="options">The tier that is wanted, and the network.</param>
    /// <param name="underlay">The interface that the tunnels leave by.</param>
    /// <param name="context">All that outlives a rebuild of the network.</param>
    /// <param name="damaged">
    /// Called while somebody has removed a part of the tier: <see cref="SetUnderlay"/> is due, on another thread.
    /// </param>
    /// <exception cref="ConfigurationException">The configuration asks for it, and it cannot be had.</exception>
    /// <exception cref="LinuxException">The kernel refused to remove what cannot be used.</exception>
    public KernelTier(OverlayOptions options, UnderlayInterface underlay, NetworkContext context, Action damaged)
    {
        _context = context;
        _damaged = damaged;
        _completion = new TableCompletion(context.Table, context.Problems);
        _wanted = options.Dataplane.Tier;
        _logger = context.Loggers.CreateLogger<KernelTier>();

        // A TUN with a reader is that of a daemon that runs, and so is a tier beside it.
        bool isAlone = !HasReader(options);
        _isLeft = isAlone && EbpfTier.IsLeft(options.Network.Vni, options.Network.Port);
        _probe = _wanted != Tier.UserSpace || _isLeft ? EbpfProbe.Run() : new ProbeResult(false, null);
        if (_wanted == Tier.Ebpf && !_probe.IsUsable) throw NotToBeHad(_probe.Reason!);
        foreach (Vni other in LeftTiers.Others(options))
        {
            _ = LeftTiers.Remove(options, other);
            _logger.FormerTierIsRemoved(VxlanDevice.NameOf(other));
        }

        if (_wanted == Tier.Auto) _reason = _probe.Reason ?? "";
        if (_probe.IsUsable) return;
        _isLeft = false;

        // Devices and programs of an earlier run would keep the port from the sockets, and pods' packets from the workers.
        if (isAlone) LeftTiers.RemoveOwn(options, underlay);
    }

    /// <summary>The tier that forwards now.</summary>
    public TierUse Use => new(_tier is null ? Tier.UserSpace : Tier.Ebpf, _reason);

    /// <summary>
    /// The tier of an earlier run forwards this node's packets and has the port: sockets only send until
    /// <see cref="Settle"/>.
    /// </summary>
    public bool HasPort => _isLeft;

    /// <summary>
    /// Has the kernel forward, or workers, as the configuration wants it. Where the kernel cannot, workers go on, and status
    /// has the reason.
    /// </summary>
    /// <exception cref="LinuxException">Neither the kernel nor the sockets can have the port.</exception>
    public void Settle(OverlayOptions options, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        if (!_probe.IsUsable)
        {
            if (_wanted == Tier.Auto) _logger.TierIsOff(network.DeviceName, _reason);
            return;
        }

        if (_wanted == Tier.UserSpace && endpoint.Receives) return;
        string? pins = PinPlace.Make(options.Dataplane.PinDirectories, options.Network.Vni.Value, out string missing);
        try
        {
            Enter(options, network, endpoint, pins);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _reason = $"the eBPF tier cannot be switched on: {exception.Message}";
            _context.Problems.Report(Key, ProblemSeverity.Warning, _reason);
            _logger.TierFailed(network.DeviceName, exception.Message);
            return;
        }

        if (_wanted == Tier.UserSpace)
        {
            Leave(options, network, endpoint);
            _logger.TierIsOff(network.DeviceName, "Dataplane:Tier is UserSpace now");
            return;
        }

        string[] limits = [_probe.Shortcomings, missing.Length > 0 ? missing : LinkdownLimit()];
        _reason = string.Join("; ", limits.Where(static text => text.Length > 0));
        _context.Problems.Report(Key, ProblemSeverity.Warning);
        _logger.TierIsOn(network.DeviceName, missing.Length == 0 ? $"they outlive the daemon in {pins}" : missing);
    }

    /// <summary>At the end of a start: the configuration has what it asks for.</summary>
    /// <exception cref="ConfigurationException">It asks for the tier, and workers forward.</exception>
    public void Check()
    {
        if (_wanted == Tier.Ebpf && _tier is null) throw NotToBeHad($"{_reason}.");
    }

    /// <summary>Follows a change of the underlay, and makes anew what somebody has removed.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetUnderlay(OverlayOptions options, UnderlayInterface underlay)
    {
        if (_tier is not { } tier) return;
        lock (_gate)
        {
            tier.SetUnderlay(Facts(underlay));
            if (!IsWhole(tier))
            {
                _logger.TierIsMadeAnew();
                tier.DetachEgress();
                tier.ReleasePort();
                tier.TakePort(options.Network.Port);
                tier.AttachEgress();
            }

            TakeShortcut(tier);
        }
    }

    /// <summary>
    /// Takes the tier out of the kernel, also one of an earlier run; the sockets may have the port then.
    /// </summary>
    public void RemoveFromKernel(OverlayOptions options, UnderlayInterface underlay)
    {
        if (_tier is not { } tier)
        {
            if (_isLeft)
                _ = _context.Problems.Guard.Try("the eBPF tier", () => LeftTiers.RemoveOwn(options, underlay));
            return;
        }

        Forget(tier);
        _ = _context.Problems.Guard.Try("the eBPF tier", tier.RemoveFromKernel);
        tier.Dispose();
    }

    /// <summary>Closes. What is pinned forwards on with the last table.</summary>
    public void Dispose()
    {
        _context.Problems.Report(Key, ProblemSeverity.Warning);
        if (_tier is not { } tier) return;
        Forget(tier);
        tier.Dispose();
    }

    private static ConfigurationException NotToBeHad(string reason) =>
        new($"Overlay:Dataplane:Tier 'Ebpf' cannot be had: {reason} Example: Auto");

    private void Enter(OverlayOptions options, OverlayNetwork network, UnderlayEndpoint endpoint, string? pins)
    {
        EbpfTier? tier = null;
        try
        {
            tier = EbpfTier.Create(
                new EbpfTierOptions(options.Network.Vni, IndexOf(network), Facts(endpoint.Interface))
                {
                    PinDirectory = pins,
                    HasDirectEgress = _probe.HasDirectEgress,
                    HasLinks = _probe.HasTcx,
                });

            // Programs know all peers before they get a packet.
            _context.Table.Add(tier.Mirror);
            if (!tier.Mirror.IsComplete) throw new IOException("the kernel's maps do not take the forwarding table");
            PortChange.ToKernel(tier, options.Network.Port, network, endpoint);
            tier.AttachEgress();
            _context.Counters.Kernel.Begin(tier);
            _tier = tier;
        }
        catch
        {
            if (tier is not null) _context.Table.Remove(tier.Mirror);
            tier?.Dispose();
            try
            {
                LeftTiers.RemoveOwn(options, endpoint.Interface);
            }
            finally
            {
                PortChange.Return(network, endpoint);
            }

            throw;
        }

        TakeShortcut(tier);
        _watch = new Timer(_ => _context.Problems.Guard.Try("the eBPF tier's watch", Look), null, _lookPause, _lookPause);
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_tier is not { } tier) return;
            _completion.Look(tier.Mirror);
            if (IsWhole(tier)) return;
        }

        _damaged();
    }

    // A repair that has failed half-way has neither attached nor taken all.
    private static bool IsWhole(EbpfTier tier) => tier is { HasPort: true, IsEgressAttached: true } && tier.IsIntact();

    // Packets come in without it too.
    private void TakeShortcut(EbpfTier tier)
    {
        try
        {
            _ = tier.TryTakeShortcut();
        }
        catch (LinuxException exception)
        {
            _logger.NoShortcut(exception.Message);
        }
    }

    private void Leave(OverlayOptions options, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        EbpfTier tier = _tier!;
        _watch?.Dispose();
        tier.LeaveShortcut();
        PortChange.ToSockets(tier, network, endpoint);
        tier.DetachEgress();
        RemoveFromKernel(options, endpoint.Interface);
    }

    private void Forget(EbpfTier tier)
    {
        _watch?.Dispose();
        lock (_gate)
        {
            _tier = null;
            _completion.End();
        }

        _context.Table.Remove(tier.Mirror);
        _context.Counters.Kernel.End();
    }

    private static bool HasReader(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(DeviceNames.Of(options.Network.Vni)) is { HasCarrier: true };
    }

    // The host's value counts beside the device's own (include/linux/inetdevice.h, IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN).
    private static string LinkdownLimit() => Sysctl.Get("net/ipv4/conf/all/ignore_routes_with_linkdown") == "1"
        ? "IPv4 packets to other nodes stop while no daemon runs, by net.ipv4.conf.all.ignore_routes_with_linkdown = 1; "
            + "sysctl -w net.ipv4.conf.all.ignore_routes_with_linkdown=0"
        : "";

    private static int IndexOf(OverlayNetwork network)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(network.DeviceName)?.Index
            ?? throw new LinuxException("RTM_GETLINK", network.DeviceName, Errno.ENODEV);
    }

    private static UnderlayFacts Facts(UnderlayInterface underlay) => new(underlay.Ipv4, underlay.Ipv6, underlay.Exit.Mtu);
}
