using Overlay.Daemon.Options;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Underlay;

/// <summary>Looks whether the underlay still is as it was when the tunnels were bound to it. Not thread-safe.</summary>
/// <param name="netlink">Used by this watch alone.</param>
/// <param name="options">The options that the underlay was found by.</param>
/// <param name="underlay">As it was.</param>
/// <param name="moved">
/// Called once for each other underlay that would do, and when it is as before again after that.
/// </param>
/// <param name="lost">
/// Called with the sentence for the operator when no underlay would do, with null when there is one again.
/// </param>
internal sealed class UnderlayWatch(
    RouteNetlink netlink, OverlayOptions options, UnderlayInterface underlay, Action moved, Action<string?> lost)
{
    // A DHCP client or a link flap takes an address away and brings it back.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(1);

    private UnderlayInterface? _offered;
    private long? _since;

    /// <summary>Looks once.</summary>
    /// <returns>True when the next look is due soon, whatever happens; else a change brings it.</returns>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public bool Look()
    {
        UnderlayInterface? now = UnderlayDiscovery.FindAgain(netlink, options, underlay);
        if (now is not null && now.IsLike(underlay))
        {
            lost(null);
            bool wasOffered = _offered is not null;
            (_offered, _since) = (null, null);
            if (wasOffered) moved();
            return false;
        }

        _since ??= Environment.TickCount64;
        if (Environment.TickCount64 - _since < _grace.TotalMilliseconds) return true;
        if (now is null)
        {
            lost($"{underlay.Link.Name} has lost {string.Join(" or ", underlay.Addresses)}, where the tunnels end, "
                + "and has nothing in its place: peers do not reach this node until it has");
        }
        else if (_offered is null || !now.IsLike(_offered))
        {
            _offered = now;
            moved();
        }

        return false;
    }
}
