using Overlay.Host.Interop;

namespace Overlay.Host.Netlink;

/// <summary>
/// Says when a link, an address, a route, a routing rule or a forwarding sysctl of this network namespace has changed
/// (rtnetlink(7) groups).
/// </summary>
/// <remarks>
/// It does not say what changed: notifications can be lost, so a listener has to look at the whole state anyway.
/// </remarks>
public sealed class NetlinkMonitor : IDisposable
{
    private const uint Groups = RtNetlink.RTMGRP_LINK | RtNetlink.RTMGRP_IPV4_IFADDR | RtNetlink.RTMGRP_IPV6_IFADDR
        | RtNetlink.RTMGRP_IPV4_ROUTE | RtNetlink.RTMGRP_IPV6_ROUTE
        | RtNetlink.RTMGRP_IPV4_RULE | RtNetlink.RTMGRP_IPV6_RULE
        | RtNetlink.RTMGRP_IPV4_NETCONF | RtNetlink.RTMGRP_IPV6_NETCONF;

    private readonly NetlinkSocket _socket = new(Groups);
    private readonly Interruption _interruption = new();

    /// <summary><see cref="Interrupt"/> was called.</summary>
    public bool IsInterrupted => _interruption.IsSet;

    /// <summary>Waits for a change. Several that are there already count as one.</summary>
    /// <returns>False after <see cref="Interrupt"/>.</returns>
    /// <exception cref="LinuxException">The socket is unusable.</exception>
    public bool Wait()
    {
        _interruption.WaitReadable(_socket.Descriptor);
        if (_interruption.IsSet) return false;
        _ = HasChanged();
        return true;
    }

    /// <summary>Something has changed since the last time this or <see cref="Wait"/> was asked. Does not wait.</summary>
    /// <exception cref="LinuxException">The socket is unusable.</exception>
    public bool HasChanged()
    {
        bool hasChanged = false;
        while (_socket.TryDiscard()) hasChanged = true;
        return hasChanged;
    }

    /// <summary>Ends the current and every later <see cref="Wait"/>. Callable from any thread.</summary>
    public void Interrupt() => _interruption.Set();

    public void Dispose()
    {
        _socket.Dispose();
        _interruption.Dispose();
    }
}
