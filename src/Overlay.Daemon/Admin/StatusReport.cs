namespace Overlay.Daemon.Admin;

/// <summary>
/// The report of <c>overlayctl status</c>; values that are not known before the node is made are null.
/// </summary>
/// <param name="Node">This node's name.</param>
/// <param name="Version">The daemon's.</param>
/// <param name="State">starting, forwarding or impaired.</param>
/// <param name="WaitingFor">The answer that the start waits for.</param>
/// <param name="Started">The end of the start.</param>
/// <param name="Device">The TUN.</param>
/// <param name="Vni">VXLAN network identifier.</param>
/// <param name="Port">UDP port of the tunnels.</param>
/// <param name="Mtu">Bytes of the largest pod packet.</param>
/// <param name="VtepMac">This node's VTEP.</param>
/// <param name="Subnet">This node's IPv4 pod CIDR.</param>
/// <param name="SubnetV6">This node's IPv6 pod CIDR.</param>
/// <param name="Problems">Faults that keep pods' packets from flowing.</param>
/// <param name="Warnings">Other faults: pods' packets flow all the same.</param>
/// <param name="Underlay">The interface that tunnels leave by.</param>
/// <param name="Dataplane">How packets are worked on.</param>
/// <param name="ControlPlane">The store of the leases.</param>
/// <param name="Traffic">Packets that flow, and those dropped lately.</param>
/// <param name="Capture">The capture that runs, in words; null while none does.</param>
internal sealed record StatusReport(
    string Node, string Version, string State, string? WaitingFor, DateTimeOffset? Started, string? Device, uint? Vni,
    int? Port, int? Mtu, string? VtepMac, string? Subnet, string? SubnetV6, IReadOnlyList<string> Problems,
    IReadOnlyList<string> Warnings, UnderlayReport? Underlay, DataplaneReport? Dataplane,
    ControlPlaneReport ControlPlane, TrafficReport Traffic, string? Capture)
{
    /// <summary>The name of a state: the start is over or not, and problems there are or not.</summary>
    public static string StateOf(DateTimeOffset? started, bool isReady) =>
        started is null ? "starting" : isReady ? "forwarding" : "impaired";
}
