using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Samples of frames from addresses that no peer has.</summary>
public class StrangerRingTests
{
    private static readonly IpAddress _elsewhere = IpAddress.Parse("192.168.77.99");

    private readonly StrangerRing _ring = new();
    private readonly PacketBatch _batch = new(4);

    [Theory]
    [InlineData(IpFamily.IPv4, 0)]
    [InlineData(IpFamily.IPv6, 0)]
    [InlineData(IpFamily.IPv4, 1)]
    public void A_frame_of_a_peer_from_another_address_shows_whose_it_is(IpFamily family, int trains)
    {
        byte[] datagram = Datagram(family);
        Receive([.. datagram, .. Enumerable.Repeat(datagram, trains).SelectMany(static bytes => bytes)],
            _elsewhere, trains > 0 ? datagram.Length : 0);
        _ring.TryTake(out Stranger stranger).ShouldBeTrue();
        stranger.ShouldBe(new Stranger(_elsewhere, Network, B.Mac, A.Mac, IpAddress.Parse(B.Pod(family))));
        _ring.TryTake(out _).ShouldBeFalse();
    }

    [Fact]
    public void A_frame_from_a_peers_own_address_leaves_no_sample_and_neither_does_one_that_is_no_vxlan()
    {
        Receive(Datagram(IpFamily.IPv4), B.Remote.Address);
        Receive([], _elsewhere);
        Receive(new byte[200], _elsewhere);
        Receive(DatagramBuilder.Between(B, A, [0x45, 0, 0]).Build(), _elsewhere);
        Receive(DatagramBuilder.Between(B, A, new byte[60]).EtherType(0x0806).Build(), _elsewhere);
        _ring.TryTake(out _).ShouldBeFalse();
    }

    [Fact]
    public void What_nobody_takes_is_bounded_and_the_oldest_come_first()
    {
        byte[] datagram = Datagram(IpFamily.IPv4);
        for (uint i = 0; i < 3 * StrangerRing.Size; i++) Receive(datagram, _elsewhere.Add(i));
        for (uint i = 0; i < StrangerRing.Size; i++)
        {
            _ring.TryTake(out Stranger stranger).ShouldBeTrue();
            stranger.Address.ShouldBe(_elsewhere.Add(i));
        }

        _ring.TryTake(out _).ShouldBeFalse();
        Receive(datagram, _elsewhere);
        _ring.TryTake(out _).ShouldBeTrue();
    }

    private static byte[] Datagram(IpFamily family) =>
        DatagramBuilder.Between(B, A, PacketBuilder.Between(B, A, family).Build()).Build();

    // As a worker does it, in one batch with a peer's own.
    private void Receive(byte[] datagram, IpAddress from, int segmentSize = 0)
    {
        _batch.Clear();
        _batch.PutDatagram(Datagram(IpFamily.IPv4), C.Remote.Address, Ecn.NotEct);
        _batch.PutDatagram(datagram, from, Ecn.NotEct, segmentSize);
        Decapsulator.Decapsulate(_batch, A.TableWith(B, C));
        if (_batch.UnknownSender != PacketSlot.None) _ring.Add(_batch);
    }
}
