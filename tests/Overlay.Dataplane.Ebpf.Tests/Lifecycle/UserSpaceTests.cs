using System.Net;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class UserSpaceTests
{
    private const string PodOfB = "10.244.2.1";

    [Fact]
    public void A_tier_and_the_daemons_loop_understand_each_other()
    {
        using TierPair pair = new(startsB: false);
        using UserSpaceLoop loop = new(pair.B, TestNode.B);
        foreach (string target in new[] { PodOfB, "fd00:10:244:2::1" })
        {
            foreach (string size in new[] { "0", "1400", "20000", "60000" })
                pair.A.Node.Run("ping", "-n", "-c", "2", "-i", "0.05", "-W", "2", "-s", size, target).EnsureSuccess();
            Transfers.Run(pair.A, pair.B, target, 10_000_000);
            Transfers.Run(pair.B, pair.A, target.Replace("2::", "1::", StringComparison.Ordinal)
                .Replace("10.244.2.", "10.244.1.", StringComparison.Ordinal), 10_000_000);
        }

        loop.Fault.ShouldBeNull();
        foreach (DropReason reason in Enum.GetValues<DropReason>())
        {
            pair.A.Node.Invoke(pair.A.Tier.ReadCounters).Dropped(reason).ShouldBe(0, $"{reason}");
            if (reason is DropReason.None or DropReason.IpOutNoRoutes) continue;
            loop.Counters.Ingress.Dropped(reason).ShouldBe(0, $"{reason}");
        }
    }

    [Fact]
    public void The_daemons_loop_gives_way_to_the_tier_and_comes_back_without_loss()
    {
        using TierPair pair = new(startsB: false);
        TierEnd end = pair.B;
        UserSpaceLoop loop = new(end, TestNode.B);
        try
        {
            pair.A.Node.WaitForPing(IPAddress.Parse(PodOfB));
            using Pings pings = new(pair.A.Node, PodOfB, 500);
            end.Node.Invoke(end.Tier.TryBeginHandover).ShouldBeTrue();
            end.Node.Invoke(end.Tier.AttachEgress);
            loop.Dispose();
            end.Node.Invoke(() => end.Tier.TakePort(TierEnd.Port));
            end.Node.Invoke(end.Tier.EndHandover);
            long taken = end.Node.Invoke(end.Tier.ReadCounters).Ingress.Packets;
            TierRig.Wait(() => end.Node.Invoke(end.Tier.ReadCounters).Ingress.Packets > taken + 50, "the tier forwards");

            end.Node.Invoke(end.Tier.TryBeginHandover).ShouldBeTrue();
            end.Node.Invoke(end.Tier.ReleasePort);
            loop = new UserSpaceLoop(end, TestNode.B);
            end.Node.Invoke(end.Tier.EndHandover);
            end.Node.Invoke(end.Tier.DetachEgress);
            TierRig.Wait(() => loop.Counters.Egress.ForwardedPackets > 50, "the loop forwards");
            pings.IsOver.ShouldBeFalse();
            pings.Lost().ShouldBe(0);
        }
        finally
        {
            loop.Dispose();
        }
    }
}
