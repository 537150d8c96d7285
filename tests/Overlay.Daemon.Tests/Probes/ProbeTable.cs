using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>Node a's table with peers b and c, and an address of each kind.</summary>
internal static class ProbeTable
{
    public static readonly RemoteVtep B =
        new("b", IpAddress.Parse("192.0.2.2"), MacAddress.Parse("02:00:00:00:00:02"));

    public static readonly RemoteVtep BOverIpv6 =
        new("b", IpAddress.Parse("2001:db8::2"), MacAddress.Parse("02:00:00:00:00:12"));

    public static readonly RemoteVtep C =
        new("c", IpAddress.Parse("192.0.2.3"), MacAddress.Parse("02:00:00:00:00:03"));

    public static readonly IpAddress Peer = IpAddress.Parse("10.244.2.0");

    public static readonly IpAddress PeerV6 = IpAddress.Parse("fd00:10:244:2::");

    public static ForwardingTable Table { get; } = new ForwardingTableBuilder()
        .AddVtep(B).AddVtep(BOverIpv6).AddVtep(C)
        .AddLocal(IpPrefix.Parse("10.244.1.0/24")).AddLocal(IpPrefix.Parse("fd00:10:244:1::/64"))
        .AddRoute(IpPrefix.Parse("10.244.2.0/24"), B).AddRoute(IpPrefix.Parse("fd00:10:244:2::/64"), BOverIpv6)
        .AddRoute(IpPrefix.Parse("10.244.3.0/24"), C).Build();

    /// <summary>A publisher that has the table.</summary>
    public static TablePublisher Published()
    {
        TablePublisher publisher = new();
        publisher.Publish(Table, TableChange.From(Table));
        return publisher;
    }
}
