using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public sealed class WithdrawnClaimStoreTests : IDisposable
{
    private static readonly Lease _byPodCidr = Ipv4("y", 3) with { Subnet = Own.Subnet };
    private static readonly Lease _byAddress = Ipv4("z", 4) with { PublicIp = Own.PublicIp };

    private readonly TempDirectory _state = new();
    private readonly ManualTimeProvider _time = new() { Now = TimeProvider.System.GetUtcNow() };
    private readonly CollectingLogger<WithdrawnClaimStore> _logger = new();

    private WithdrawnClaimStore Store => new(_state.Path, new("Test", "memory"), _time, _logger);

    [Fact]
    public void The_claim_comes_back_with_those_who_contradicted_it()
    {
        Save(Ipv4("b", 2), _byPodCidr, _byAddress);
        WithdrawnClaim claim = Store.Load("own").ShouldNotBeNull();
        claim.Own.ShouldBe(Own);
        claim.Rivals.ShouldBe([_byPodCidr, _byAddress]);
    }

    [Fact]
    public void Without_rivals_there_is_nothing_to_keep()
    {
        Save(Ipv4("b", 2));
        Store.Load("own").ShouldBeNull();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void After_others_may_have_given_it_away_the_claim_is_no_more()
    {
        Save(_byPodCidr);
        _time.Now += WithdrawnClaimStore.GoodFor - TimeSpan.FromSeconds(5);
        Store.Load("own").ShouldNotBeNull();
        _time.Now += TimeSpan.FromSeconds(15);
        Store.Load("own").ShouldBeNull();
    }

    [Fact]
    public void Another_node_has_no_part_in_it()
    {
        Save(_byPodCidr);
        Store.Load("other").ShouldBeNull();
    }

    public void Dispose() => _state.Dispose();

    private void Save(params Lease[] peers) =>
        Store.Save(
            Own, new([.. peers.Select(static lease => new PeerLease(lease, LeaseVerdict.Refused, "because"))], null));
}
