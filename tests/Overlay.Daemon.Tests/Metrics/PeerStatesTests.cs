using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Tests;

public class PeerStatesTests
{
    [Fact]
    public void Every_state_has_its_number_of_peers() =>
        PeerStates.Count(PeersSnapshots.Of(accepted: 4, notReady: 1))
            .ShouldBe([("accepted", 4), ("refused", 0), ("not ready", 1)]);
}
