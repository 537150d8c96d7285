using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Admin;

/// <summary>The interface and addresses that tunnels leave by.</summary>
internal sealed record UnderlayReport(string Interface, int Mtu, string? Ipv4, string? Ipv6)
{
    /// <summary>Null before the node is made.</summary>
    public static UnderlayReport? Of(UnderlayInterface? underlay) => underlay is null
        ? null
        : new UnderlayReport(
            underlay.Link.Name, underlay.Exit.Mtu, underlay.Ipv4?.ToString(), underlay.Ipv6?.ToString());
}
