using System.Net;
using Overlay.Dataplane.Packets;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>A stranger on the underlay where senders are learnt, which is the default.</summary>
public class LearntStrangerTests
{
    [Fact]
    public void Frames_that_fit_no_peer_teach_nothing_and_those_that_fit_one_bring_in_that_peers_sources_alone()
    {
        using HostileScene scene = new(edit: null);
        VxlanDatagram[] sound = [.. scene.Templates];
        foreach (VxlanDatagram datagram in sound)
        {
            Refuse(datagram with { SourceMac = MacAddress.Parse("02:00:00:00:00:99") });
            Refuse(Spoof(datagram));
        }

        // A batch gives one frame to look at, so that the two addresses may be learnt one after the other.
        Waiting.For(() =>
        {
            _ = scene.TakeHeard();
            foreach (VxlanDatagram datagram in sound) scene.Stranger.Send(datagram.ToArray());
            return scene.TakeHeard().Count == sound.Length * scene.Stranger.Count;
        });
        SendsFrom(scene).ShouldBe([$"{LabAddresses.OutsideV4}", $"{LabAddresses.OutsideV6}"], ignoreOrder: true);
        foreach (VxlanDatagram datagram in sound)
        {
            long before = scene.Drops()[nameof(DropReason.SourceNotAllowed)];
            scene.Stranger.Send(Spoof(datagram).ToArray());
            Waiting.For(() =>
                scene.Drops()[nameof(DropReason.SourceNotAllowed)] == before + scene.Stranger.Count);
        }

        scene.TakeHeard().ShouldBeEmpty();
        scene.Honest.CheckGoesOn();

        void Refuse(VxlanDatagram datagram)
        {
            long before = scene.Drops()[nameof(DropReason.UnknownVtep)];
            for (int i = 1; i <= 3; i++)
            {
                scene.Stranger.Send(datagram.ToArray());

                // The watch of senders looks twice a second: the next one comes after it.
                Waiting.For(() =>
                    scene.Drops()[nameof(DropReason.UnknownVtep)] == before + (i * scene.Stranger.Count));
                Thread.Sleep(600);
            }

            scene.TakeHeard().ShouldBeEmpty();
        }
    }

    // A pod of the third peer, by the MAC of the second.
    private static VxlanDatagram Spoof(VxlanDatagram datagram) => datagram with
    {
        Source = IPAddress.Parse(datagram.Source.GetAddressBytes().Length == 4 ? "10.244.3.2" : "fd00:10:244:3::2"),
    };

    /// <summary>The addresses that b sends from and its lease lacks.</summary>
    private static string[] SendsFrom(HostileScene scene) =>
        Cluster.Report(scene.Target, "peers").EnumerateArray()
            .Single(peer => peer.GetProperty("node").GetString() == scene.Attacker.Name)
            .GetProperty("sendsFrom").GetString()!.Split(", ");
}
