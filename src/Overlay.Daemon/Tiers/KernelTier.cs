using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Ebpf;
using Overlay.Dataplane.Ebpf.Probing;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Tiers;

/// <summary>
/// The kernel's part in forwarding: the eBPF tier of this node's network, where it is wanted and the kernel has all it takes.
/// </summary>
/// <remarks>
/// Workers forward first, and <see cref="Enter"/> gives the port and pods' packets to the kernel; workers go on with what its
/// programs leave to them. Changed by one thread at a time; any thread may read <see cref="Use"/>.
/// </remarks>
internal sealed class KernelTier : IDisposable
{
    private const string Key = "tier";

    // The overlayd before this one may have the port's sockets open for a moment more.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(5);

    private readonly NetworkContext _context;
    private readonly Tier _wanted;
    private readonly ProbeResult? _probe;
    private readonly ILogger<KernelTier> _logger;
    private EbpfTier? _tier;
    private volatile string _reason;

    /// <summary>Finds out whether the kernel has what the tier takes, where it is wanted.</summary>
    /// <exception cref="ConfigurationException">The configuration asks for it, and it cannot be had.</exception>
    public KernelTier(OverlayOptions options, NetworkContext context)
    {
        _context = context;
        _wanted = options.Dataplane.Tier;
        _logger = context.Loggers.CreateLogger<KernelTier>();
        _probe = _wanted == Tier.UserSpace ? null : EbpfProbe.Run();
        _reason = _probe?.Reason ?? "";
        if (_wanted == Tier.Ebpf && _probe is { IsUsable: false })
            throw new ConfigurationException($"Overlay:Dataplane:Tier 'Ebpf' cannot be had: {_reason} Example: Auto");
        if (_probe is not { IsUsable: true }) RemoveLeftovers(options);
    }

    /// <summary>What forwards now.</summary>
    public TierUse Use => _tier is null ? new(Tier.UserSpace, _reason) : new(Tier.Ebpf, _reason);

    /// <summary>
    /// The tier of an earlier run forwards this node's packets and has the port: this run's sockets only send.
    /// </summary>
    public bool IsLeft(OverlayOptions options) =>
        _probe is { IsUsable: true } && EbpfTier.IsLeft(options.Network.Vni, options.Network.Port);

    /// <summary>
    /// Gives the port and pods' packets to the kernel. Where that fails, workers go on as before, and the reason is known.
    /// </summary>
    /// <exception cref="ConfigurationException">The configuration asks for the tier, and it cannot be had.</exception>
    /// <exception cref="LinuxException">Neither the kernel nor the sockets can have the port.</exception>
    public void Enter(OverlayOptions options, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        if (_probe is not { IsUsable: true } probe)
        {
            if (_probe is not null) _logger.TierIsOff(network.DeviceName, _reason);
            return;
        }

        string? pins = PinPlace.Make(options.Dataplane.PinDirectory, options.Network.Vni.Value, out string missing);
        try
        {
            EbpfTier tier = EbpfTier.Create(
                new EbpfTierOptions(options.Network.Vni, IndexOf(network), Facts(endpoint.Interface))
                {
                    PinDirectory = pins,
                    HasDirectEgress = probe.HasDirectEgress,
                });
            TakeOver(tier, options, network, endpoint);
            _tier = tier;
        }
        catch (LinuxException exception)
        {
            _reason = $"the eBPF tier cannot be switched on: {exception.Message}";
            _context.Problems.Report(Key, ProblemSeverity.Warning, _reason);
            _logger.TierFailed(network.DeviceName, exception.Message);
            if (_wanted == Tier.Ebpf)
                throw new ConfigurationException(
                    $"Overlay:Dataplane:Tier 'Ebpf' cannot be had: {exception.Message}. Example: Auto");
            return;
        }

        _reason = string.Join("; ", new[] { probe.Shortcomings, missing }.Where(static text => text.Length > 0));
        _context.Counters.Kernel.Begin(_tier.ReadCounters);
        _context.Problems.Report(Key, ProblemSeverity.Warning);
        _logger.TierIsOn(network.DeviceName, missing.Length == 0 ? $"they outlive the daemon in {pins}" : missing);
    }

    /// <summary>Follows a change of the underlay.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetUnderlay(UnderlayInterface underlay) => _tier?.SetUnderlay(Facts(underlay));

    /// <summary>Takes the tier out of the kernel; the sockets may have the port then.</summary>
    public void RemoveFromKernel()
    {
        if (_tier is not { } tier) return;
        _context.Table.Remove(tier.Mirror);
        _context.Counters.Kernel.End();
        _tier = null;
        _ = _context.Problems.Guard.Try("the eBPF tier", tier.RemoveFromKernel);
        tier.Dispose();
    }

    /// <summary>Closes. What is pinned forwards on with the last table.</summary>
    public void Dispose()
    {
        if (_tier is not { } tier) return;
        _context.Table.Remove(tier.Mirror);
        _context.Counters.Kernel.End();
        _tier = null;
        tier.Dispose();
        _context.Problems.Report(Key, ProblemSeverity.Warning);
    }

    // What an earlier run has left would keep the port from the sockets, and pods' packets from the workers.
    private static void RemoveLeftovers(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        int tun = netlink.FindLink(DeviceNames.Of(options.Network.Vni))?.Index ?? 0;
        EbpfTier.RemoveLeftovers(
            options.Network.Vni, tun, PinPlace.Find(options.Dataplane.PinDirectory, options.Network.Vni.Value));
    }

    private void TakeOver(EbpfTier tier, OverlayOptions options, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        bool isMirrored = false;
        try
        {
            // Programs know all peers before they get a packet.
            _context.Table.Add(tier.Mirror);
            isMirrored = true;
            network.Suspend();
            try
            {
                endpoint.StopReceiving();
                TakePort(tier, options.Network.Port);
            }
            catch
            {
                endpoint.Receive();
                throw;
            }
            finally
            {
                network.Attach(endpoint.Sockets);
            }

            tier.AttachEgress();
        }
        catch
        {
            if (isMirrored) _context.Table.Remove(tier.Mirror);
            tier.RemoveFromKernel();
            tier.Dispose();
            throw;
        }
    }

    private static void TakePort(EbpfTier tier, ushort port)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                tier.TakePort(port);
                return;
            }
            catch (LinuxException exception)
                when (exception.Errno == Errno.EADDRINUSE && Stopwatch.GetElapsedTime(start) < _patience)
            {
                Thread.Sleep(_pause);
            }
        }
    }

    private static int IndexOf(OverlayNetwork network)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(network.DeviceName)?.Index
            ?? throw new LinuxException("RTM_GETLINK", network.DeviceName, Errno.ENODEV);
    }

    private static UnderlayFacts Facts(UnderlayInterface underlay) => new(underlay.Ipv4, underlay.Ipv6, underlay.Exit.Mtu);
}
