using System.Net;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.StatusPage;

/// <summary>Any user of the host may open the page: what that costs the node is bounded.</summary>
public class StatusPageLimitsTests
{
    private const int Port = 9472;
    private const int MostViewers = 8;

    [Fact]
    public void Viewers_are_bounded_and_peers_are_probed_only_while_there_is_one()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "viewers", PodsPerNode = 0 });
        Node a = cluster["a"];
        List<EventStream> viewers = [];
        for (int i = 0; i < MostViewers; i++) viewers.Add(new EventStream(a, Port));
        foreach (EventStream viewer in viewers) _ = viewer.WaitForLine("event: status");
        viewers[0].WaitForLine("\"rttMicroseconds\":").ShouldContain("\"node\":\"b\"");

        (HttpStatusCode status, string text) = AdminSocket.AskLoopback(a, Port, "events");
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        text.ShouldBe("8 viewers have the status page open already; close one\n");
        AdminSocket.GetLoopback(a, Port, "livez").ShouldBe("overlayd is running\n");

        // A site whose name leads here reads nothing by its visitor's browser.
        using (EventStream foreign = new(a, Port, "evil.example"))
            _ = foreign.WaitForLine("the status page is for viewers on this host");

        // A round may be under way when the last one leaves.
        foreach (EventStream viewer in viewers) viewer.Dispose();
        Waiting.For(() => !HasViewer(a));
        Thread.Sleep(2000);
        long answered = Answered(cluster["b"]);
        answered.ShouldBeGreaterThan(0);
        Thread.Sleep(6000);
        Answered(cluster["b"]).ShouldBe(answered, "nobody looks on");
        using EventStream next = new(a, Port);
        _ = next.WaitForLine("event: status");
    }

    // Kestrel sees that a viewer has left when it writes to it the next time.
    private static bool HasViewer(Node node) =>
        node.Run("ss", "-tnH", "state", "connected", "exclude", "time-wait", "sport", "=", $":{Port}")
            .EnsureSuccess().Output.Length > 0;

    private static long Answered(Node node) => AdminSocket.GetLoopback(node, Port, "metrics").Split('\n')
        .Where(static line => line.StartsWith("overlay_probes_total{fate=\"answered\"}", StringComparison.Ordinal))
        .Sum(static line => long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
}
