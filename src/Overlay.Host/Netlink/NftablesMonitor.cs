using Overlay.Host.Interop;

namespace Overlay.Host.Netlink;

/// <summary>
/// Says when nftables of this network namespace have changed (NFNLGRP_NFTABLES, linux/netfilter/nfnetlink.h); also
/// those that iptables-nft writes.
/// </summary>
/// <remarks>
/// It does not say what changed: notifications can be lost, so a listener has to look at the rules anyway.
/// </remarks>
public sealed class NftablesMonitor : IDisposable
{
    private readonly NetlinkSocket _socket = new(RtNetlink.NFTABLES_GROUP, RtNetlink.NETLINK_NETFILTER);
    private readonly Interruption _interruption = new();

    /// <summary><see cref="Interrupt"/> was called.</summary>
    public bool IsInterrupted => _interruption.IsSet;

    /// <summary>Waits for a change, or until the time is over. Several that are there already count as one.</summary>
    /// <exception cref="LinuxException">The socket is unusable.</exception>
    public void Wait(TimeSpan limit)
    {
        _interruption.WaitReadable(_socket.Descriptor, limit);
        while (!_interruption.IsSet && _socket.TryDiscard())
        {
        }
    }

    /// <summary>Ends the current and every later wait. Callable from any thread.</summary>
    public void Interrupt() => _interruption.Set();

    public void Dispose()
    {
        _socket.Dispose();
        _interruption.Dispose();
    }
}
