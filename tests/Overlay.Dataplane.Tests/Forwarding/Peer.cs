using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>Peers and look-ups by text, so that a test reads as a configuration does.</summary>
internal static class Peer
{
    public static RemoteVtep At(string address, string node, string mac = "02:00:00:00:00:0a") =>
        new(node, IpAddress.Parse(address), MacAddress.Parse(mac));

    /// <summary>The peer of that number, with an underlay address of its own: for tables of many.</summary>
    public static RemoteVtep Number(int number) =>
        new($"node-{number}", new Ipv4Address(
            0xc0a8_0000 + (uint)number), new MacAddress(0x0200_0000_0000 + (ulong)number));

    public static int NumberOf(RemoteVtep peer) => (int)peer.Mac.Value;

    public static RemoteVtep? Lookup(this ForwardingTable table, IpAddress destination) =>
        destination.Family == IpFamily.IPv4 ? table.Lookup(destination.ToIpv4()) : table.Lookup(destination.ToIpv6());

    public static RemoteVtep? Lookup(this ForwardingTable table, string destination) =>
        table.Lookup(IpAddress.Parse(destination));

    public static bool IsLocal(this ForwardingTable table, IpAddress destination) =>
        destination.Family == IpFamily.IPv4 ? table.IsLocal(destination.ToIpv4()) : table.IsLocal(destination.ToIpv6());

    public static bool IsLocal(this ForwardingTable table, string destination) =>
        table.IsLocal(IpAddress.Parse(destination));

    public static bool IsAllowedSource(this ForwardingTable table, RemoteVtep sender, IpAddress source) =>
        source.Family == IpFamily.IPv4
            ? table.IsAllowedSource(sender, source.ToIpv4())
            : table.IsAllowedSource(sender, source.ToIpv6());

    public static bool IsAllowedSource(this ForwardingTable table, RemoteVtep sender, string source) =>
        table.IsAllowedSource(sender, IpAddress.Parse(source));
}
