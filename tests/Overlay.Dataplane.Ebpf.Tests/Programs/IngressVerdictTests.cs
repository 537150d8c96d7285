using System.Net.Sockets;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class IngressVerdictTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private TierRig _rig = null!;
    private readonly Dictionary<(IpAddress, Ecn), Socket> _sockets = [];

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Each_frame_gets_the_verdict_that_the_daemons_loop_gives_it(bool isByShortcut, bool hasLinks)
    {
        using TierRig rig = new(options => options with { HasLinks = hasLinks });
        _rig = rig;
        _rig.Start();
        if (isByShortcut) _rig.A.Invoke(_rig.Tier.TryTakeShortcut).ShouldBeTrue();
        using DeviceTap tap = new(_rig.A, TierRig.TunName);
        List<string> differences = [];
        foreach (IngressFrame frame in IngressFrame.All)
        {
            EbpfCounters before = _rig.Counters();
            _ = SocketOf(frame).Send(frame.Datagram);
            EbpfCounters after = before;
            bool isCounted = SpinWait.SpinUntil(
                () => TierRig.Seen(after = _rig.Counters()) > TierRig.Seen(before),
                Expected(frame) is null ? 50 : 2000);
            DropReason? verdict = isCounted ? Verdict(before, after) : null;
            if (verdict != Expected(frame)) differences.Add($"{frame.Name}: {frame.Verdict} -> {verdict}");
            if (frame.Verdict == DropReason.None && verdict == DropReason.None)
            {
                byte[] packet = tap.Receive(_patience, IsFromPod).ShouldNotBeNull(frame.Name);
                if (isByShortcut) IsShort(frame).ShouldBe(after.Shortcut.Packets > before.Shortcut.Packets, frame.Name);
                packet.AsSpan(0, frame.Packet.Length).SequenceEqual(frame.Packet).ShouldBeTrue(frame.Name);
            }
        }

        differences.ShouldBeEmpty();
        tap.Receive(TimeSpan.FromMilliseconds(100), IsFromPod).ShouldBeNull("nothing else was delivered");
    }

    [Fact]
    public void A_stranger_leaves_one_sample_until_it_is_taken()
    {
        using TierRig rig = new();
        rig.Start();
        foreach ((IpAddress outer, IpFamily inner) in new[]
        {
            (IngressFrame.StrangerV4, IpFamily.IPv6), (IngressFrame.StrangerV6, IpFamily.IPv4),
        })
        {
            using Socket socket = rig.SocketOfB(outer);
            byte[] datagram = IngressFrame.All.First(frame => frame.Name == $"{inner}").Datagram;
            for (int i = 0; i < 3; i++)
            {
                long before = rig.Counters().Dropped(DropReason.UnknownVtep);
                _ = socket.Send(datagram);
                TierRig.Wait(() => rig.Counters().Dropped(DropReason.UnknownVtep) > before, "it is dropped");
            }

            Stranger.TryRead(outer, datagram, out Stranger expected).ShouldBeTrue();
            rig.Tier.TakeStrangers().ShouldBe([expected]);
            rig.Tier.TakeStrangers().ShouldBeEmpty();
        }
    }

    public void Dispose()
    {
        foreach (Socket socket in _sockets.Values) socket.Dispose();
    }

    // Neither TCP nor in outer fragments.
    private static bool IsShort(IngressFrame frame)
    {
        bool isTcp = frame.Packet[frame.Packet[0] >> 4 == 4 ? 9 : 6] == IpProtocol.Tcp;
        return !isTcp && frame.Datagram.Length < 1400 + 50;
    }

    // The kernel's own, as of neighbour discovery, are not.
    private static bool IsFromPod(byte[] packet) => packet[0] >> 4 != 6 || packet[8] != 0xfe;

    // What the vxlan device refuses is counted less finely than here, or not at all; none of it is delivered.
    private static DropReason? Expected(IngressFrame frame) => frame.Verdict switch
    {
        DropReason.PktTooSmall when frame.Datagram.Length < 22 => null,
        DropReason.VxlanInvalidHdr when frame.Datagram[0] == 0 => null,
        DropReason.IpTunnelEcn => DropReason.VxlanInvalidHdr,
        _ => frame.Verdict,
    };

    private static DropReason Verdict(EbpfCounters before, EbpfCounters after)
    {
        if (after.Ingress.Packets > before.Ingress.Packets) return DropReason.None;
        return Enum.GetValues<DropReason>().Single(reason => after.Dropped(reason) > before.Dropped(reason));
    }

    private Socket SocketOf(IngressFrame frame)
    {
        (IpAddress, Ecn) key = (frame.OuterSource, frame.OuterEcn);
        if (!_sockets.TryGetValue(key, out Socket? socket))
            _sockets[key] = socket = _rig.SocketOfB(frame.OuterSource, frame.OuterEcn);
        return socket;
    }
}
