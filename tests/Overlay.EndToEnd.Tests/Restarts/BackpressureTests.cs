using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Restarts;

/// <summary>An underlay that takes less than pods send: what comes in does not wait for what goes out.</summary>
[Collection(Alone.Name)]
public class BackpressureTests
{
    private static readonly TimeSpan _mostGap = TimeSpan.FromMilliseconds(250);

    [Theory]
    [InlineData("10mbit")]
    [InlineData("1kbit")]
    public void Packets_come_in_while_the_way_out_is_full_or_stands_still(string rate)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "backpressure" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);

        // More room than a source port's buffer has, so that nothing is dropped behind the daemon.
        a.Run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "32kb", "limit", "400000000")
            .EnsureSuccess();
        using PacedFlow ingress = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, 1000);
        Flood(a.Pods[0], b.Pods[0].AddressV4!, TimeSpan.FromSeconds(3));
        Cluster.Dropped(a, "FullRing", "egress").ShouldBeGreaterThan(0, "the way out is full");
        FlowResult result = ingress.Stop();
        LongRun.Note($"ingress beside an underlay of {rate}: {result}");
        result.Lost.ShouldBe(0, $"{result}");
        result.LongestGap.ShouldBeLessThan(_mostGap, $"{result}");
    }

    private static void Flood(Pod from, IPAddress to, TimeSpan time)
    {
        using Socket socket = from.Invoke(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        byte[] datagram = new byte[1300];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            for (int i = 0; i < 20; i++) _ = socket.SendTo(datagram, new IPEndPoint(to, 9));
            Thread.Sleep(1);
        }
    }
}
