using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Underlay;

/// <summary>Looks whether the underlay still is what the tunnels were made for, and tells when it is another.</summary>
/// <param name="netlink">Used from one thread at a time.</param>
/// <param name="options">What the underlay was found by.</param>
/// <param name="underlay">What the tunnels were made for.</param>
/// <param name="moved">Told once of each other underlay that would do, and when it is as before again after that.</param>
/// <param name="logger">Told when there is none that would do.</param>
internal sealed class UnderlayWatch(
    RouteNetlink netlink, OverlayOptions options, UnderlayInterface underlay, Action moved, ILogger logger)
{
    // A DHCP client or a link flap takes an address away and brings it back.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1);

    private UnderlayInterface? _offered;
    private long? _since;
    private volatile string? _problem;

    /// <summary>What the tunnels lack, while nothing can take its place. Any thread may read it.</summary>
    public string? Problem => _problem;

    /// <summary>Looks once.</summary>
    /// <returns>True when the next look is due soon, whatever happens; else a change brings it.</returns>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public bool Look()
    {
        UnderlayInterface? now = UnderlayDiscovery.FindAgain(netlink, options, underlay);
        if (now is not null && now.IsLike(underlay))
        {
            if (_problem is not null) logger.LogInformation("{Interface} has its addresses again", underlay.Link.Name);
            bool wasOffered = _offered is not null;
            (_problem, _offered, _since) = (null, null, null);
            if (wasOffered) moved();
            return false;
        }

        _since ??= Environment.TickCount64;
        if (Environment.TickCount64 - _since < _grace.TotalMilliseconds) return true;
        if (now is null)
        {
            if (_problem is null)
            {
                _problem = $"{underlay.Link.Name} has lost {string.Join(" or ", underlay.Addresses)}, where the tunnels end, and has nothing in its place: peers do not reach this node until it has";
                logger.LogWarning("{Problem}", _problem);
            }
        }
        else if (_offered is null || !now.IsLike(_offered))
        {
            _offered = now;
            moved();
        }

        return false;
    }
}
