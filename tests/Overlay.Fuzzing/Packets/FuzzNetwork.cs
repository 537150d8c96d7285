using System.Net;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Tests;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Packets;

/// <summary>
/// Node a with its peers b and c, and who may send which addresses, by none of the product's look-ups.
/// </summary>
internal static class FuzzNetwork
{
    private static readonly RemoteVtep _learnt =
        new(TestNode.B.Name, IpAddress.Parse("192.168.77.7"), TestNode.B.Mac);

    /// <summary>Addresses that datagrams come from; the last two are nobody's.</summary>
    public static IReadOnlyList<IpAddress> Senders { get; } =
    [
        TestNode.B.Remote.Address, TestNode.B.RemoteV6.Address, TestNode.C.Remote.Address, TestNode.C.RemoteV6.Address,
        _learnt.Address, TestNode.A.Remote.Address, IpAddress.Parse("192.168.77.9"), IpAddress.Parse("fd77::9"),
    ];

    /// <summary>The table of node a; b also sends from an address without a lease, which was learnt.</summary>
    public static ForwardingTable Table()
    {
        ForwardingTableBuilder builder =
            new ForwardingTableBuilder().AddLocal(TestNode.A.PodsV4).AddLocal(TestNode.A.PodsV6).AddVtep(_learnt);
        foreach (TestNode peer in new[] { TestNode.B, TestNode.C })
            _ = builder.AddRoute(peer.PodsV4, peer.Remote).AddRoute(peer.PodsV6, peer.RemoteV6);
        return builder.Build().With(TestNode.A.Local);
    }

    /// <summary>The node that has that sender's address; null where none has.</summary>
    public static TestNode? NodeOf(int sender) => sender switch
    {
        0 or 1 or 4 => TestNode.B,
        2 or 3 => TestNode.C,
        _ => null,
    };

    /// <summary>The node whose pods have that address; null where none has.</summary>
    public static TestNode? NodeOf(ReadOnlySpan<byte> podAddress)
    {
        IPAddress address = new(podAddress);
        foreach (TestNode node in (TestNode[])[TestNode.A, TestNode.B, TestNode.C])
        {
            IpPrefix pods = podAddress.Length == 4 ? node.PodsV4 : node.PodsV6;
            if (IPNetwork.Parse(pods.ToString()).Contains(address)) return node;
        }

        return null;
    }

    /// <summary>Source and destination of a packet.</summary>
    public static (byte[] Source, byte[] Destination) AddressesOf(ReadOnlySpan<byte> packet)
    {
        (int at, int size) = packet[0] >> 4 == 4 ? (12, 4) : (8, 16);
        return (packet.Slice(at, size).ToArray(), packet.Slice(at + size, size).ToArray());
    }
}
