using System.Diagnostics;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>What passes a node's link while something goes on, decoded.</summary>
internal static class WireCapture
{
    private const string Filter = "udp dst port 8472";

    // ping repeats it through its payload.
    private const string Mark = "feedfacecafebeef";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Every VXLAN packet on the node's link during the traffic between those pods, and of a ping at its end.
    /// </summary>
    public static IReadOnlyList<DecodedPacket> Of(Node node, Pod from, Pod to, Action traffic)
    {
        string file = Path.Combine(node.Directory, "wire.pcap");
        BackgroundProcess capture = node.Link.StartCapture(file, Filter);
        traffic();

        // What has passed before the marked ping is in the file before it is; stopped earlier, the capture would lose
        // its end.
        _ = from.Ping(to.Addresses.First(), 1, "-W", "5", "-p", Mark).EnsureSuccess();
        byte[] mark = Convert.FromHexString(Mark);
        Stopwatch watch = Stopwatch.StartNew();
        while (File.ReadAllBytes(file).AsSpan().IndexOf(mark) < 0)
        {
            if (watch.Elapsed > _patience)
                throw new LabException($"the capture on node {node.Name} has not seen the marked ping:\n{capture.Log}");
            Thread.Sleep(20);
        }

        _ = capture.Stop();
        return Tshark.Decode(file);
    }
}
