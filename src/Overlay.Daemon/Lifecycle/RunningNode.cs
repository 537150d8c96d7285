using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The node as it is now. It is moved and made anew inside the running process; its VTEP MACs stay.</summary>
internal sealed class RunningNode : IDisposable
{
    private static readonly TimeSpan _lookPause = TimeSpan.FromSeconds(1);

    private readonly TablePublisher _publisher;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<RunningNode> _logger;
    private volatile OverlayOptions _options;
    private volatile OverlayNode _node;

    /// <exception cref="ConfigurationException">Configuration and host do not fit together.</exception>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public RunningNode(NodePlan plan, VtepMacs vtepMacs, TablePublisher publisher, ILoggerFactory loggers)
    {
        _publisher = publisher;
        _loggers = loggers;
        _logger = loggers.CreateLogger<RunningNode>();
        _options = plan.Options;
        _node = OverlayNode.Create(plan.Options, plan.Underlay, vtepMacs, publisher, loggers);
    }

    /// <summary>The configuration with all that the store gave. Any thread may read it.</summary>
    public OverlayOptions Options => _options;

    /// <summary>The device, the sockets and the workers. Any thread may read it.</summary>
    public OverlayNode Node => _node;

    /// <summary>What this node announces.</summary>
    public Lease Own => _node.LeaseOf(_options);

    /// <summary>What its peers are measured against.</summary>
    public AddressPlan Plan => OverlayNode.PlanOf(_options, _node.Underlay);

    /// <summary>Follows the underlay to the address and MTU it has now, however often that takes.</summary>
    /// <exception cref="ConfigurationException">The underlay does not fit the configuration; all is as it was.</exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task MoveAsync(CancellationToken cancellationToken)
    {
        string? told = null;
        while (true)
        {
            UnderlayInterface underlay = await FindUnderlayAsync(cancellationToken);
            try
            {
                _node.MoveTo(underlay);
                return;
            }
            catch (Exception exception) when (exception is LinuxException || (exception is ConfigurationException && _node.IsClosed))
            {
                // Gone again already, or not usable yet: what is there a moment later counts.
                if (exception.Message != told) _logger.LogWarning("the tunnels cannot move to {Addresses} yet: {Reason}", string.Join(" and ", underlay.Addresses), exception.Message);
                told = exception.Message;
                await Task.Delay(_lookPause, cancellationToken);
            }
        }
    }

    /// <summary>The underlay as it is now; waits while it has nothing that tunnels could be bound to.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task<UnderlayInterface> FindUnderlayAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (FindUnderlay() is { } underlay) return underlay;
            await Task.Delay(_lookPause, cancellationToken);
        }
    }

    /// <summary>Takes the node apart and makes it anew by other options; not started yet. Where that cannot be, it is made as it was.</summary>
    /// <param name="options">The other options.</param>
    /// <param name="underlay">As <see cref="FindUnderlayAsync"/> has found it: there is no way back to a node without an underlay.</param>
    /// <exception cref="ConfigurationException">Options and host do not fit together; the node is made as it was.</exception>
    /// <exception cref="InvalidOperationException">The node cannot even be made as it was, and there is none.</exception>
    public void Rebuild(OverlayOptions options, UnderlayInterface underlay)
    {
        VtepMacs macs = new(_node.Vtep.Mac, _node.Vtep.MacV6);
        _node.Stop();
        _node.Dispose();
        try
        {
            _node = OverlayNode.Create(options, underlay, macs, _publisher, _loggers);
            _options = options;
        }
        catch (Exception exception) when (exception is ConfigurationException or LinuxException)
        {
            Restore(underlay, macs);
            throw new ConfigurationException(exception.Message);
        }
    }

    public void Dispose() => _node.Dispose();

    private void Restore(UnderlayInterface underlay, VtepMacs macs)
    {
        try
        {
            _node = OverlayNode.Create(_options, underlay, macs, _publisher, _loggers);
        }
        catch (Exception exception) when (exception is ConfigurationException or LinuxException)
        {
            throw new InvalidOperationException($"the node cannot be made anew, and not as it was either: {exception.Message}", exception);
        }
    }

    // An address that is about to go, or to come, cannot be bound to.
    private UnderlayInterface? FindUnderlay()
    {
        using RouteNetlink netlink = new();
        if (UnderlayDiscovery.FindAgain(netlink, _options, _node.Underlay) is not { } underlay) return null;
        IReadOnlyList<AddressInfo> addresses = netlink.GetAddresses();
        bool isBindable = underlay.Addresses.All(address => addresses.Any(a => a.Address == address && !a.IsTentative));
        return isBindable ? underlay : null;
    }
}
