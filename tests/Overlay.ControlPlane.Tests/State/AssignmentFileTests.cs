using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public sealed class AssignmentFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<AssignmentFile> _logger = new();
    private readonly AssignmentFile _file;

    public AssignmentFileTests() => _file = new(_directory["state"], _logger);

    public static TheoryData<Assignment> Assignments =>
    [
        new Assignment(new StoreLocation(
            "File", "/var/lib/overlay/leases"), NodeSettings.None, new PodCidrs(Prefix("10.244.1.0/24"), null)),
        new Assignment(
            new StoreLocation("Etcd", "http://127.0.0.1:2379 /coreos.com/network"),
            new NodeSettings(
                new NetworkSettings
                {
                    Cidr = Prefix("10.5.0.0/16"),
                    CidrV6 = Prefix("fd00:5::/48"),
                    SubnetLength = 25,
                    SubnetLengthV6 = 72,
                    Vni = new Vni(4096),
                    Port = 4789,
                    UnderlayMtu = 9000,
                    DirectRouting = true,
                },
                Address("192.0.2.7"), Address("2001:db8::7")),
            new PodCidrs(Prefix("10.5.52.0/25"), Prefix("fd00:5:0:34::/72"))),
    ];

    [Theory]
    [MemberData(nameof(Assignments))]
    public void What_was_saved_is_read_again(Assignment assignment)
    {
        _file.Load().ShouldBeNull();
        _file.Save(assignment);
        new AssignmentFile(_directory["state"], _logger).Load().ShouldBe(assignment);
        _logger.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"Kind":"Etcd","Subnet":"10.244.1.9/24"}""")]
    [InlineData("""{"Kind":"Etcd","PublicIP":"nobody"}""")]
    [InlineData("""{"Kind":"Etcd","Network":{"VNI":99999999}}""")]
    public void A_damaged_file_is_told_and_counts_as_none(string content)
    {
        _ = Directory.CreateDirectory(_directory["state"]);
        File.WriteAllText(Path.Combine(_directory["state"], "assignment.json"), content);
        _file.Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("assignment.json");
    }

    [Fact]
    public void A_disk_that_takes_nothing_is_told_and_no_failure()
    {
        File.WriteAllText(_directory["state"], "in the way");
        _file.Save(new Assignment(new StoreLocation("File", "/x"), NodeSettings.None, new PodCidrs(null, null)));
        _logger.Of(Microsoft.Extensions.Logging.LogLevel.Error).ShouldHaveSingleItem().ShouldContain("assignment.json");
    }

    public void Dispose() => _directory.Dispose();
}
