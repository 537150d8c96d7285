using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Endurance;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Lab.Namespaces;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A peer that sends more than anybody takes, or nothing of sense.</summary>
[Collection(FaultScenes.Name)]
public class PeerFaultTests(FaultScene scene)
{
    // Frames a second of 1,500 bytes, and 38 of Ethernet's own, that a gigabit carries.
    private const double LineRate = 81_274;

    private static readonly TimeSpan _long = TimeSpan.FromSeconds(LongRun.Is ? 20 : 1);

    [Fact]
    public void A_peer_that_floods_starves_nobody()
    {
        FaultFigures figures = scene.During(() =>
            Flood(scene.B.Pods[0], new IPEndPoint(scene.A.Pods[0].AddressV4!, 9), new byte[1300]));
        figures.ShouldBeInOrder();
        figures.Flows.ShouldAllBe(static flow => flow.Lost < flow.Sent, $"some of each flow arrives: {figures}");
        scene.ShouldRecover();
    }

    [Fact]
    public void A_peer_that_sends_garbage_alone_starves_nobody()
    {
        byte[] garbage = new byte[1450];
        new Random(1).NextBytes(garbage);
        long before = Cluster.Dropped(scene.A, "VxlanInvalidHdr");
        FaultFigures figures = scene.During(() => Flood(scene.B, new IPEndPoint(scene.A.UnderlayV4!, 8472), garbage));
        figures.ShouldBeInOrder();
        figures.Flows.ShouldAllBe(static flow => flow.Lost < flow.Sent, $"some of each flow arrives: {figures}");
        Cluster.Dropped(scene.A, "VxlanInvalidHdr").ShouldBeGreaterThan(before + 1000);
        scene.ShouldRecover();
    }

    [LongFact]
    public void A_gigabit_of_bad_frames_costs_an_honest_peer_less_than_a_tenth()
    {
        double[] quiet = [Honest(), Honest()];
        using CancellationTokenSource over = new();
        Task<double> flood = Task.Run(() => FloodAtLineRate(over.Token));
        double[] flooded = [Honest(), Honest()];
        over.Cancel();
        double framesPerSecond = flood.Result;
        LongRun.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"an honest peer's TCP of a gigabit beside {framesPerSecond:0} bad frames/s of 1,450 bytes: "
            + $"{quiet.Average():0} Mbit/s without, {flooded.Average():0} with"));
        framesPerSecond.ShouldBeGreaterThan(0.9 * LineRate);
        flooded.Average().ShouldBeGreaterThan(0.9 * quiet.Average());
        scene.ShouldRecover();

        double Honest()
        {
            using Gigabit bulk = new(scene.B.Pods[0], scene.A.Pods[0], scene.A.Pods[0].AddressV4!);
            Thread.Sleep(TimeSpan.FromSeconds(5));
            return bulk.Stop();
        }
    }

    [Fact]
    public void A_peer_that_is_gone_holds_up_nobody_who_talks_to_others()
    {
        FaultFigures figures = scene.During(() =>
        {
            scene.C.Link.SetCarrier(false);

            // Its neighbour entries fail while packets for it go on, and the kernel answers each with an error.
            scene.A.Ip($"neighbour flush {scene.C.UnderlayV4}", $"neighbour flush {scene.C.UnderlayV6}");
            Thread.Sleep(_long + TimeSpan.FromSeconds(2));
            scene.C.Link.SetCarrier(true);
        });
        figures.ShouldBeInOrder();
        figures.ShouldHaveLostNothingOfFirstPeer();
        scene.ShouldRecover();
    }

    // Frames each second that were sent.
    private double FloodAtLineRate(CancellationToken over)
    {
        byte[] garbage = new byte[1450];
        using Socket socket =
            scene.C.Invoke(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        IPEndPoint to = new(scene.A.UnderlayV4!, 8472);
        long sent = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (; !over.IsCancellationRequested; Thread.Sleep(1))
        {
            for (; sent < watch.Elapsed.TotalSeconds * LineRate; sent++) _ = socket.SendTo(garbage, to);
        }

        return sent / watch.Elapsed.TotalSeconds;
    }

    private static void Flood(NetworkNamespace from, EndPoint to, byte[] datagram)
    {
        using Socket socket =
            from.Invoke(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < _long;)
            _ = socket.SendTo(datagram, to);
    }
}
