using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Packets;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>A running daemon meets what no honest peer sends, and honest peers notice nothing.</summary>
public class HostileInputTests(HostileScene scene) : IClassFixture<HostileScene>
{
    private const int Ip = VxlanOverhead.InPayload;
    private const int Megabyte = 1024 * 1024;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _mutation = TimeSpan.FromSeconds(LongRun.Is ? 30 : 5);

    private static readonly Dictionary<string, Attack> _attacks = new()
    {
        ["an address that is no VTEP"] = new(DropReason.UnknownVtep, sound => [sound.ToArray(), []])
        {
            IsByStranger = true,
        },
        ["another VNI"] = new(
            DropReason.VxlanVniNotFound,
            sound =>
                new uint[] { 0, 2, 0x100, 0x1_0000, Vni.Max }.Select(vni => (sound with { Vni = new(vni) }).ToArray())),
        ["the I flag clear"] = new(DropReason.VxlanInvalidHdr, sound => [sound.With(0, 0x00)]),
        ["a reserved bit set"] = new(DropReason.VxlanInvalidHdr, WithReservedBits),
        ["64 KB of zeros"] = new(DropReason.VxlanInvalidHdr, _ => [new byte[65_507]]),
        ["an end within the headers"] =
            new(DropReason.PktTooSmall, sound => Truncated(sound, 0, sound.TransportOffset)),
        ["an end within the inner packet"] =
            new(DropReason.IpInHdr, sound => Truncated(sound, sound.TransportOffset, sound.ToArray().Length)),
        ["a source MAC that is multicast or zero"] = new(
            DropReason.MacInvalidSource,
            sound => Macs("01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00")
                .Select(mac => (sound with { SourceMac = mac }).ToArray())),
        ["the target's own MAC as source"] =
            new(DropReason.LocalMac, sound => [(sound with { SourceMac = sound.DestinationMac }).ToArray()]),
        ["another destination MAC"] = new(
            DropReason.OtherHost,
            sound => Macs(LabAddresses.VtepMac(3), "ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01")
                .Select(mac => (sound with { DestinationMac = mac }).ToArray())),
        ["an ARP, a tagged, a nameless frame"] = new(
            DropReason.UnhandledProto, sound =>
                new ushort[] { 0x0806, 0x8100, 0x88cc, 0 }.Select(type => (sound with { EtherType = type }).ToArray())),
        ["an inner packet of the other family's type"] = new(
            DropReason.IpInHdr, sound =>
                [(sound with { EtherType = IsIpv4(sound) ? EthernetHeader.Ipv6 : EthernetHeader.Ipv4 }).ToArray()]),
        ["inner garbage"] = new(DropReason.IpInHdr, Garbage),
        ["an inner header checksum off by any bit"] = new(DropReason.IpCsum, WithWrongChecksum),
        ["an inner super-packet whose TCP checksum is wrong"] = new(DropReason.TcpCsum, WrongSuperPacket),
        ["an inner source of another peer, of ours or of nobody"] = new(
            DropReason.SourceNotAllowed,
            sound => Addresses(
                    sound, "10.244.3.2 10.244.1.2 192.0.2.1 127.0.0.1 224.0.0.1 0.0.0.0",
                    "fd00:10:244:3::2 fd00:10:244:1::2 2001:db8::1 ::1 ff02::1 ::")
                .Select(source => (sound with { Source = source }).ToArray())),
        ["an inner destination of another peer, of the host or of all"] = new(
            DropReason.IpInAddrErrors,
            sound => Addresses(
                    sound, "10.244.3.2 10.244.2.2 192.168.77.1 127.0.0.1 224.0.0.1 255.255.255.255",
                    "fd00:10:244:3::2 fd00:10:244:2::2 fd77::1 ::1 ff02::1 ::")
                .Select(destination => (sound with { Destination = destination }).ToArray())),
    };

    public static TheoryData<string> Kinds => [.. _attacks.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Hostile_datagrams_are_counted_under_their_reason_and_reach_no_pod(string kind)
    {
        Attack attack = _attacks[kind];
        UnderlaySender sender = attack.IsByStranger ? scene.Stranger : scene.Peer;

        // What an earlier test has let through is that one's fault.
        _ = scene.TakeHeard();
        Dictionary<string, long> expected = scene.Drops();
        foreach (byte[] datagram in scene.Templates.SelectMany(attack.Datagrams))
        {
            sender.Send(datagram);
            expected[attack.Reason.ToString()] += sender.Count;
        }

        WaitForDrops(expected.Values.Sum()).ShouldBe(expected, ignoreOrder: true);
        scene.TakeHeard().ShouldBeEmpty();
        scene.Honest.CheckGoesOn();
    }

    [Fact]
    public async Task Mutated_datagrams_harm_nobody_and_each_unsound_one_is_counted()
    {
        int seed = Environment.GetEnvironmentVariable("MUTATOR_SEED") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        string because = $"MUTATOR_SEED={seed} repeats this";
        DatagramMutator mutator = new(
            seed, [.. scene.Templates, .. scene.Templates.Select(sound => sound with { Protocol = IpProtocol.Tcp })]);
        FrameRules rules = new(scene.Attacker, scene.Target);
        _ = scene.TakeHeard();
        int logLines = LogLines();
        long expected = scene.Drops().Values.Sum();
        (int sent, int sound) = (0, 0);

        using CancellationTokenSource end = new();
        Task honest = Task.Factory.StartNew(() => Transfer(end.Token), TaskCreationOptions.LongRunning);
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < _mutation; Thread.Sleep(10))
        {
            for (int i = 0; i < 5; i++)
            {
                byte[] datagram = mutator.Next();
                scene.Peer.Send(datagram);
                sent++;
                if (rules.Allow(datagram)) sound++;
                else expected += scene.Peer.Count;
            }
        }

        await end.CancelAsync();
        await Should.NotThrowAsync(() => honest.WaitAsync(TimeSpan.FromMinutes(1)), because);
        scene.Cluster.Daemons.ShouldAllBe(daemon => !daemon.HasExited, because);
        WaitForDrops(expected).Values.Sum()
            .ShouldBe(expected, $"dropped of {sent} datagrams, {sound} of them sound: {because}");
        scene.TakeHeard().ShouldAllBe(packet => rules.AllowSource(packet), because);
        scene.Honest.CheckGoesOn();

        // Else the mutator is too tame or too wild to prove anything.
        sound.ShouldBeInRange(sent / 20, sent * 3 / 4, because);

        // Counted, never logged one by one.
        (LogLines() - logLines).ShouldBeLessThan(10, because);
    }

    private void Transfer(CancellationToken end)
    {
        (Pod one, Pod other) = (scene.Target.Pods[0], scene.Attacker.Pods[0]);
        do
        {
            foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
            {
                foreach (IPAddress address in to.Addresses)
                {
                    TcpTransfer.Check(from, to, address, Megabyte);
                    _ = from.Ping(address).EnsureSuccess();
                }
            }
        }
        while (!end.WaitHandle.WaitOne(1000));
    }

    /// <summary>The drops, once there are that many or no more to come.</summary>
    private Dictionary<string, long> WaitForDrops(long count)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            Dictionary<string, long> drops = scene.Drops();
            if (drops.Values.Sum() >= count || watch.Elapsed > _patience) return drops;
            Thread.Sleep(50);
        }
    }

    private int LogLines() => scene.Cluster.Daemons[0].Log.Count(character => character == '\n');

    private static IEnumerable<byte[]> WithReservedBits(VxlanDatagram sound)
    {
        const int I = 0x08;
        for (int bit = 0; bit < 8 * VxlanHeader.Length; bit++)
        {
            (int offset, byte mask) = (bit / 8, (byte)(0x80 >> (bit % 8)));
            bool isReserved = offset is 0 ? mask != I : offset is not (4 or 5 or 6);
            if (isReserved) yield return sound.With(offset, (byte)(sound.ToArray()[offset] | mask));
        }
    }

    private static IEnumerable<byte[]> Truncated(VxlanDatagram sound, int from, int to) =>
        Enumerable.Range(from, to - from).Select(length => sound.ToArray()[..length]);

    private static IEnumerable<byte[]> Garbage(VxlanDatagram sound)
    {
        // Versions that are none; then header and total lengths that cannot be.
        foreach (byte version in new byte[] { 0x00, 0x15, 0x55, 0x95, 0xff }) yield return sound.With(Ip, version);
        if (IsIpv4(sound))
        {
            foreach (byte headerLength in new byte[] { 0x40, 0x44 }) yield return sound.With(Ip, headerLength);
            foreach (byte totalLength in new byte[] { 0, 19 }) yield return sound.With(Ip + 2, 0, totalLength);
        }

        yield return sound.With(Ip + (IsIpv4(sound) ? 2 : 4), 0xff, 0xff);
    }

    private static IEnumerable<byte[]> WithWrongChecksum(VxlanDatagram sound)
    {
        const int Checksum = Ip + 10;
        byte[] datagram = sound.ToArray();
        for (int bit = 0; IsIpv4(sound) && bit < 16; bit++)
            yield return sound.With(Checksum + (bit / 8), (byte)(datagram[Checksum + (bit / 8)] ^ (1 << (bit % 8))));
    }

    private static IEnumerable<byte[]> WrongSuperPacket(VxlanDatagram sound)
    {
        VxlanDatagram large = sound with { Protocol = IpProtocol.Tcp, Payload = new byte[4000] };
        return [large.With(large.PayloadOffset, 1)];
    }

    private static IEnumerable<MacAddress> Macs(params string[] macs) => macs.Select(MacAddress.Parse);

    private static IEnumerable<IPAddress> Addresses(VxlanDatagram sound, string ipv4, string ipv6) =>
        (IsIpv4(sound) ? ipv4 : ipv6).Split(' ').Select(IPAddress.Parse);

    private static bool IsIpv4(VxlanDatagram datagram) => datagram.Source.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>What a sound datagram is made into, and why that is dropped.</summary>
    private sealed record Attack(DropReason Reason, Func<VxlanDatagram, IEnumerable<byte[]>> Datagrams)
    {
        public bool IsByStranger { get; init; }
    }
}
