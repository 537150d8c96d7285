using Overlay.ControlPlane.Sources.Files;
using Overlay.Testing;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>What the last run knew is not lost to a store that is damaged or not there.</summary>
public class FileLeaseSourceRestartTests
{
    private static readonly TimeSpan _often = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _beforeTheGraceIsOver = FileLeaseSource.RestartGrace - TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_file_that_does_not_parse_keeps_the_lease_of_the_last_run()
    {
        await using LeaseSourceFixture fixture = new(_often, time: _time);
        await fixture.Source.PublishAsync(Own, default);
        fixture.Rename("b.json", "{bad");
        fixture.Watch(Ipv4("b", 2));

        await fixture.ShouldSee(Ipv4("b", 2), Own);
        _time.Now += 2 * FileLeaseSource.RestartGrace;
        await fixture.ShouldStillSee(Ipv4("b", 2), Own);
        fixture.Source.Problems.ShouldHaveSingleItem().Key.ShouldBe(fixture["b.json"]);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldEndWith("The lease read before stays in force");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_empty_directory_is_not_believed_until_our_own_lease_has_been_in_it_for_the_grace(bool exists)
    {
        await using LeaseSourceFixture fixture = new(_often, exists, _time);
        fixture.Watch(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Source.Problems[fixture.Directory].ShouldContain("not mounted");

        // However long it takes until this node has published.
        _time.Now += 2 * FileLeaseSource.RestartGrace;
        await fixture.ShouldStillSee(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.Source.PublishAsync(Own, default);
        _time.Now += _beforeTheGraceIsOver;
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3), Own);
        await fixture.ShouldStillSee(Ipv4("b", 2), Ipv4("c", 3), Own);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("not mounted");

        _time.Now += TimeSpan.FromSeconds(2);
        await fixture.ShouldSee(Own);
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_directory_that_comes_within_the_grace_is_followed()
    {
        await using LeaseSourceFixture fixture = new(_often, time: _time);
        fixture.Watch(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.Source.PublishAsync(Own, default);
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3), Own);

        fixture.Rename(Ipv4("b", 9));
        fixture.Rename(Ipv4("c", 3));
        await fixture.ShouldSee(Ipv4("b", 9), Ipv4("c", 3), Own);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
    }

    [Fact]
    public async Task A_directory_that_still_holds_our_own_lease_is_believed()
    {
        await using LeaseSourceFixture fixture = new(_often, time: _time);
        fixture.Rename(Own);
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.Source.PublishAsync(Own, default);

        await fixture.ShouldSee(Ipv4("b", 2), Own);
        fixture.Source.Problems.ShouldBeEmpty();
    }
}
