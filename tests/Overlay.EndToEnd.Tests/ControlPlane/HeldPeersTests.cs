using System.Net;
using System.Text.Json;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>A store that lacks most peers all at once is doubted for a while; single leases that go are gone.</summary>
public class HeldPeersTests
{
    [Fact]
    public void Peers_that_vanish_together_are_kept_and_shown_until_the_hold_ends()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions
            {
                Name = "held",
                Nodes = 1,
                PodsPerNode = 0,
                Underlay = AddressFamilies.V4,
                Inner = AddressFamilies.V4
            });
        Node a = lab.Nodes[0];
        foreach (int number in new[] { 2, 3, 4 }) Peer(lab, number);
        a.WriteConfig(overlay => overlay["ControlPlane"]!["HoldSeconds"] = 4);
        a.StartDaemon().WaitReady();
        Cluster.WaitForPeers(a, 3);

        File.Delete(FileOf(lab, 4));
        Waiting.For(() => Routes.ViaOf(a, "10.244.4.0/24") is null);
        Held(a).ShouldBe(0, "one by itself");

        // Another directory in its place, with this node's own lease and nobody else's.
        string next = lab.LeaseDirectory + ".next";
        _ = Directory.CreateDirectory(next);
        File.Copy(a.LeaseFile, Path.Combine(next, "a.json"));
        Directory.Move(lab.LeaseDirectory, lab.LeaseDirectory + ".old");
        Directory.Move(next, lab.LeaseDirectory);
        Waiting.For(() => Held(a) == 2);
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2");
        ControlPlane(a).GetProperty("heldUntil")
            .GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow - TimeSpan.FromSeconds(5));
        Peer(lab, 2);
        Waiting.For(() => Held(a) == 1);

        Waiting.For(() => Routes.ViaOf(a, "10.244.3.0/24") is null, 20);
        Held(a).ShouldBe(0);
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2");
    }

    private static string FileOf(LabNetwork lab, int number) => Path.Combine(lab.LeaseDirectory, $"n{number}.json");

    private static void Peer(LabNetwork lab, int number) =>
        new VxlanPeer(IPNetwork.Parse($"10.244.{number}.0/24"), IPAddress.Parse(
            $"192.168.77.{number}"), $"02:00:00:00:04:0{number}", null, null, null)
            .Write(FileOf(lab, number), 1);

    private static JsonElement ControlPlane(Node node) => Cluster.Report(node, "status").GetProperty("controlPlane");

    private static int Held(Node node) => ControlPlane(node).GetProperty("heldPeers").GetInt32();
}
