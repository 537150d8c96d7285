using System.Net;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// 1,000 flows between two nodes, every packet of them numbered and checksummed, over an underlay that is a relay of
/// the test's: nothing is delivered altered, or twice where it passed once, or in another order than it passed in.
/// </summary>
[Collection(Alone.Name)]
public class IntegrityTests
{
    private const int Seed = 7;

    private static readonly Impairment _hostile = new()
    {
        Seed = Seed,
        Loss = 0.02,
        Duplication = 0.03,
        Delay = TimeSpan.FromMilliseconds(1),
        Late = 0.1,
        Jitter = TimeSpan.FromMilliseconds(4),
        Damage = 0.02,
    };

    private static int Bursts => LongRun.Is ? 25 : 1;

    private static int Bytes => LongRun.Is ? 256 * 1024 : 16 * 1024;

    /// <summary>As <see cref="Peers"/> has them.</summary>
    public static TheoryData<int, int, bool, AddressFamilies> Setups => LongRun.Is
        ? new()
        {
            { 2, 4, true, AddressFamilies.Dual }, { 1, 1, false, AddressFamilies.Dual },
            { 2, 3, false, AddressFamilies.V4 }, { 1, 4, true, AddressFamilies.Dual },
            { 2, 1, true, AddressFamilies.V4 },
        }
        : new() { { 2, 4, true, AddressFamilies.Dual }, { 1, 1, false, AddressFamilies.Dual } };

    [Theory]
    [MemberData(nameof(Setups))]
    public void Packets_cross_unaltered_once_and_in_order_whatever_the_underlay_does(
        int ours, int queues, bool offloads, AddressFamilies underlay)
    {
        Peers peers = new(ours, queues, offloads, underlay);
        using Cluster cluster = peers.Start();
        using UnderlayRelay relay = new(cluster.Lab);
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach (IPAddress address in other.Addresses) one.WaitForPing(address);

        using UdpFlows udp = new(one, other, relay);
        using TcpFlows tcp = new(one, other, relay);
        (udp.Flows.Count + tcp.Count).ShouldBe(1000);

        UdpOutcome untouched = Check(peers, "no impairment", udp, tcp, Impairment.None);
        untouched.Arrived.ShouldBe(untouched.Sent);
        Check(peers, "hostile, without outer checksums", udp, tcp, _hostile with { ClearsOuterChecksums = true });
        if (!LongRun.Is) return;
        Check(peers, "hostile", udp, tcp, _hostile);

        // Where neither header has a checksum, damage passes: it is the generator's own CRC that finds it then.
        udp.SetChecksums(false);
        UdpOutcome bare = udp.Run(Bursts, _hostile with { ClearsOuterChecksums = true });
        LongRun.Note($"{peers}, no checksum at all: UDP {bare}");
        bare.Altered.ShouldBeGreaterThan(0);
    }

    private static UdpOutcome Check(Peers peers, string title, UdpFlows udp, TcpFlows tcp, Impairment impairment)
    {
        UdpOutcome datagrams = udp.Run(Bursts, impairment);
        TcpOutcome segments = tcp.Run(Bytes, impairment);
        LongRun.Note($"{peers}, {title}: UDP {datagrams}; TCP {segments}");
        datagrams.ShouldHaveEnteredAsSent();
        datagrams.ShouldHaveArrivedAsRelayed();
        datagrams.Altered.ShouldBe(0, title);
        segments.ShouldBeWhole();
        segments.ShouldHaveEnteredAsSent();

        // The kernel gives a connection that had to send again another hash (sk_rethink_txhash, include/net/sock.h),
        // and so a kernel peer another outer source port: to several workers that is another flow.
        bool changesPorts = peers is { Ours: 1, Queues: > 1 } && impairment != Impairment.None;
        if (!changesPorts) segments.ShouldHaveArrivedAsRelayed();
        return datagrams;
    }
}
