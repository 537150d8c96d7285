using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>
/// State files as the version before wrote them (Fixtures/state): an upgrade reads them, and writes the same bytes.
/// </summary>
public sealed class UpgradeTests : IDisposable
{
    private static readonly StoreLocation _store = new("Etcd", "http://127.0.0.1:2379 /coreos.com/network");

    private static readonly Lease _b = new()
    {
        Node = "b",
        Subnet = Prefix("10.5.2.0/25"),
        SubnetV6 = Prefix("fd00:5:0:2::/72"),
        PublicIp = Address("192.0.2.2"),
        PublicIpV6 = Address("2001:db8::2"),
        BackendData = Vtep("02:00:00:00:00:02", vni: 4096),
        BackendV6Data = Vtep("76:6a:49:5c:67:9d", vni: 4096),
    };

    private static readonly Lease _c = new()
    {
        Node = "10.5.3.0-25_fd00_5_0_3__-72",
        Subnet = Prefix("10.5.3.0/25"),
        PublicIp = Address("192.0.2.3"),
        BackendData = Vtep("02:00:00:00:00:03", vni: 4096),
    };

    private readonly TempDirectory _old = new();
    private readonly TempDirectory _new = new();

    public UpgradeTests()
    {
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures", "state")))
            File.Copy(file, _old[Path.GetFileName(file)]);
    }

    [Fact]
    public void The_assignment_is_taken_over()
    {
        CollectingLogger<AssignmentFile> logger = new();
        Assignment assignment = new AssignmentFile(_old.Path, logger).Load().ShouldNotBeNull();
        assignment.ShouldBe(new Assignment(
            _store,
            new NodeSettings(
                new NetworkSettings
                {
                    Cidr = Prefix("10.5.0.0/16"),
                    CidrV6 = Prefix("fd00:5::/48"),
                    SubnetLength = 25,
                    SubnetLengthV6 = 72,
                    Vni = new(4096),
                    Port = 4789,
                    UnderlayMtu = 9000,
                    DirectRouting = true,
                },
                Address("192.0.2.7"), Address("2001:db8::7")),
            new PodCidrs(Prefix("10.5.52.0/25"), Prefix("fd00:5:0:34::/72"))));
        new AssignmentFile(_new.Path, logger).Save(assignment);
        ShouldBeTheSame("assignment.json");
        logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void The_peers_are_taken_over()
    {
        CollectingLogger<SavedLeases> logger = new();
        LeaseUpdate.Snapshot saved = new SavedLeases(_old.Path, _store, logger).Load().ShouldNotBeNull();
        saved.Leases.ShouldBe([_b, _c]);
        new SavedLeases(_new.Path, _store, logger).Save(
            new([.. saved.Leases.Select(static lease => new PeerLease(lease, LeaseVerdict.Accepted, null))], null));
        ShouldBeTheSame("peers.json");
        logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void The_withdrawn_claim_is_taken_over()
    {
        CollectingLogger<WithdrawnClaimStore> logger = new();
        File.SetLastWriteTimeUtc(_old["withdrawn.json"], DateTime.UtcNow);
        WithdrawnClaim claim = new WithdrawnClaimStore(_old.Path, _store, TimeProvider.System, logger)
            .Load("own").ShouldNotBeNull();
        claim.Own.ShouldBe(_c with { Node = "own" });
        claim.Rivals.ShouldBe([_b with { Subnet = _c.Subnet }]);
        new WithdrawnClaimStore(_new.Path, _store, TimeProvider.System, logger).Save(
            claim.Own,
            new([.. claim.Rivals.Select(static lease => new PeerLease(lease, LeaseVerdict.Refused, "because"))], null));
        ShouldBeTheSame("withdrawn.json");
        logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void The_VTEP_MACs_are_taken_over()
    {
        CollectingLogger<VtepMacStore> logger = new();
        VtepMacs macs = new VtepMacStore(_old.Path, "b", logger).LoadOrChoose();
        macs.ShouldBe(new VtepMacs(_b.BackendData!.Mac!.Value, _b.BackendV6Data!.Mac!.Value));
        new VtepMacStore(_new.Path, "b", logger).LoadOrChoose(_b).ShouldBe(macs);
        ShouldBeTheSame("vtep.json");
        logger.Warnings.ShouldBeEmpty();
    }

    public void Dispose()
    {
        _old.Dispose();
        _new.Dispose();
    }

    private void ShouldBeTheSame(string file) => File.ReadAllBytes(_new[file]).ShouldBe(File.ReadAllBytes(_old[file]));
}
