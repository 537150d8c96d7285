using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Files;
using Overlay.Testing;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class FileLeaseSourceRobustnessTests
{
    private const int LeaseTooBig = 65537;

    private static readonly TimeSpan _often = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_file_that_does_not_parse_keeps_the_last_good_lease_and_is_named_once_until_it_changes()
    {
        await using LeaseSourceFixture fixture = new(_often);
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        fixture.Rename("b.json", """{"Subnet":7}""");
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        await fixture.ShouldStillSee(Ipv4("b", 2));
        fixture.Source.Problems[fixture["b.json"]]
            .ShouldBe("Subnet is 7, not an IPv4 prefix such as \"10.244.2.0/24\"");
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldBe(
            $"Lease file {fixture["b.json"]} is not taken: Subnet is 7, not an IPv4 prefix such as \"10.244.2.0/24\". "
            + "The lease read before stays in force");

        fixture.Rename("b.json", "garbage");
        await fixture.Eventually(() => fixture.Logger.Warnings.Count == 2);
        await fixture.ShouldStillSee(Ipv4("b", 2));
        fixture.Logger.Warnings.Count.ShouldBe(2);

        fixture.Rename(Ipv4("b", 3));
        await fixture.ShouldSee(Ipv4("b", 3));
        fixture.Source.Problems.ShouldBeEmpty();
        fixture.Logger.Of(LogLevel.Information).ShouldContain($"Lease file {fixture["b.json"]} is sound again");
    }

    [Fact]
    public async Task A_file_written_in_piece_loses_nothing()
    {
        await using LeaseSourceFixture fixture = new(_often);
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        byte[] next = LeaseJson.Format(Ipv4("b", 3));
        await using (FileStream stream = new(fixture["b.json"], FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            await Task.Delay(200);
            await stream.WriteAsync(next.AsMemory(0, next.Length / 2));
            await stream.FlushAsync();
            await Task.Delay(200);
            fixture.Leases.ShouldBe([Ipv4("b", 2)]);
            await stream.WriteAsync(next.AsMemory(next.Length / 2));
        }

        await fixture.ShouldSee(Ipv4("b", 3));
        fixture.Updates.ShouldBe(2);
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_bad_file_of_a_new_node_gives_no_lease_and_its_deletion_ends_the_problem()
    {
        await using LeaseSourceFixture fixture = new();
        fixture.Rename("c.json", "garbage");
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));
        fixture.Source.Problems.ShouldHaveSingleItem().Key.ShouldBe(fixture["c.json"]);

        File.Delete(fixture["c.json"]);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
    }

    [Fact]
    public async Task A_bad_file_that_is_deleted_takes_the_lease_with_it()
    {
        await using LeaseSourceFixture fixture = new();
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));
        fixture.Rename("b.json", "garbage");
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);

        File.Delete(fixture["b.json"]);
        await fixture.ShouldSee();
    }

    [Fact]
    public async Task Whatever_else_lies_in_the_directory_is_named_once_and_hurts_nothing()
    {
        await using LeaseSourceFixture fixture = new(_often);
        _ = Directory.CreateDirectory(fixture["subdirectory"]);
        _ = Directory.CreateDirectory(fixture["dir.json"]);
        fixture.Rename("a b.json", "{}");
        fixture.Rename("big.json", new string(' ', LeaseTooBig));
        fixture.Rename("empty.json", "");
        _ = File.CreateSymbolicLink(fixture["loop.json"], fixture["loop2.json"]);
        _ = File.CreateSymbolicLink(fixture["loop2.json"], fixture["loop.json"]);
        _ = File.CreateSymbolicLink(fixture["nowhere.json"], fixture["missing"]);
        _ = File.CreateSymbolicLink(fixture["device.json"], "/dev/zero");
        File.WriteAllText(fixture[".hidden.json"], "garbage");
        File.WriteAllText(fixture["README"], "garbage");
        File.WriteAllBytes(fixture["elsewhere"], LeaseJson.Format(Ipv4("linked", 3)));
        _ = File.CreateSymbolicLink(fixture["linked.json"], "elsewhere");
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();

        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("linked", 3));
        await fixture.ShouldStillSee(Ipv4("b", 2), Ipv4("linked", 3));

        fixture.Source.Problems.Keys.Select(Path.GetFileName).ShouldBe(
            ["dir.json", "a b.json", "big.json", "empty.json", "loop.json", "loop2.json", "nowhere.json",
                "device.json"], ignoreOrder: true);
        fixture.Logger.Warnings.Count.ShouldBe(8);
        fixture.Source.Problems[fixture["dir.json"]].ShouldBe("is a directory, not a file");
        fixture.Source.Problems[fixture["big.json"]].ShouldBe("has 65537 bytes, more than the 65536 a lease may have");
        fixture.Source.Problems[fixture["a b.json"]]
            .ShouldBe("names the node 'a b', which is no node name such as node-a or worker-1.example.com");
    }

    [Fact]
    public void A_directory_of_more_files_than_a_cluster_has_nodes_is_not_read_and_the_leases_before_stay()
    {
        using TempDirectory directory = new();
        CollectingLogger<LeaseDirectoryState> log = new();
        LeaseDirectoryState state = new(directory.Path, TimeProvider.System, log, mostFiles: 2);
        for (int i = 2; i < 4; i++) File.WriteAllBytes(directory[$"n{i}.json"], LeaseJson.Format(Ipv4($"n{i}", i)));
        state.Scan(static () => true);
        state.Leases.Count.ShouldBe(2);
        log.Warnings.ShouldBeEmpty();

        File.WriteAllBytes(directory["n4.json"], LeaseJson.Format(Ipv4("n4", 4)));
        state.Scan(static () => true);
        state.Leases.Count.ShouldBe(2);
        state.Problems[directory.Path].ShouldBe("has more than 2 lease files, and is not read: a node has one");
        LeaseDirectoryState.MostFiles.ShouldBe(16_384);

        File.Delete(directory["n4.json"]);
        state.Scan(static () => true);
        state.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_becomes_unreadable_keeps_its_lease()
    {
        await using LeaseSourceFixture fixture = new(_often);
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        // A link to itself: even root cannot read it.
        _ = File.CreateSymbolicLink(fixture["link"], "b.json");
        File.Move(fixture["link"], fixture["b.json"], overwrite: true);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        await fixture.ShouldStillSee(Ipv4("b", 2));
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public async Task The_first_node_makes_the_directory_and_finds_it_empty()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10), create: false);
        fixture.Watch();
        await fixture.Eventually(() => fixture.Leases is { Count: 0 });
        Directory.Exists(fixture.Directory).ShouldBeTrue();
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_gives_no_snapshot_until_it_is_there()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10), create: false);
        File.WriteAllText(fixture.Directory, "in the way");
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        await Task.Delay(400);
        fixture.Leases.ShouldBeNull();

        File.Delete(fixture.Directory);
        await fixture.Source.PublishAsync(Own, default);
        await fixture.ShouldSee(Own);
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_directory_that_goes_keeps_what_is_known_and_is_followed_when_it_is_back()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Rename(Ipv4("b", 2));
        fixture.Rename(Ipv4("c", 3));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3));

        Directory.Delete(fixture.Directory, recursive: true);
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey(fixture.Directory));

        Directory.CreateDirectory(fixture.Directory + ".new");
        File.WriteAllBytes(Path.Combine(fixture.Directory + ".new", "b.json"), LeaseJson.Format(Ipv4("b", 9)));
        Directory.Move(fixture.Directory + ".new", fixture.Directory);
        await fixture.ShouldSee(Ipv4("b", 9));
        fixture.Source.Problems.ShouldBeEmpty();

        // The new directory is watched as the old one was, in place too.
        File.WriteAllBytes(fixture["b.json"], LeaseJson.Format(Ipv4("b", 7)));
        await fixture.ShouldSee(Ipv4("b", 7));
    }

    [Fact]
    public async Task A_directory_replaced_by_another_is_followed()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        _ = Directory.CreateDirectory(fixture.Directory + ".new");
        File.WriteAllBytes(Path.Combine(fixture.Directory + ".new", "c.json"), LeaseJson.Format(Ipv4("c", 3)));
        Directory.Move(fixture.Directory, fixture.Directory + ".old");
        Directory.Move(fixture.Directory + ".new", fixture.Directory);
        await fixture.ShouldSee(Ipv4("c", 3));

        File.WriteAllBytes(fixture["c.json"], LeaseJson.Format(Ipv4("c", 4)));
        await fixture.ShouldSee(Ipv4("c", 4));
    }

    [Fact]
    public async Task A_directory_that_is_none_is_a_problem_and_no_failure()
    {
        await using LeaseSourceFixture fixture = new(_often, create: false);
        File.WriteAllText(fixture.Directory, "");
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey(fixture.Directory));
        _ = await Should.ThrowAsync<IOException>(() => fixture.Source.PublishAsync(Own, default));
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey(fixture["own.json"]));

        File.Delete(fixture.Directory);
        await fixture.ShouldSee(Own);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
    }

    [Fact]
    public async Task A_directory_that_lost_our_own_lease_too_is_not_believed()
    {
        await using LeaseSourceFixture fixture = new(_often);
        fixture.Rename(Ipv4("b", 2));
        fixture.Rename(Ipv4("c", 3));
        await fixture.Source.PublishAsync(Own, default);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3), Own);

        // As when the file system under it is unmounted.
        Directory.Move(fixture.Directory, fixture.Directory + ".away");
        _ = Directory.CreateDirectory(fixture.Directory);
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey(fixture.Directory));
        await fixture.ShouldStillSee(Ipv4("b", 2), Ipv4("c", 3), Own);
        Directory.GetFileSystemEntries(fixture.Directory).ShouldBeEmpty();
        fixture.Logger.Warnings.Count(static line => line.Contains("not mounted")).ShouldBe(1);

        // With another node's lease in it, it is a store: ours is written again, and then the rest is believed gone.
        fixture.Rename(Ipv4("b", 2));
        await fixture.Eventually(() => File.Exists(fixture["own.json"]));
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Our_own_lease_is_mended_when_it_is_damaged()
    {
        await using LeaseSourceFixture fixture = new(_often);
        await fixture.Source.PublishAsync(Own, default);
        fixture.Watch();
        await fixture.ShouldSee(Own);
        fixture.Rename("own.json", "{bad");
        await fixture.Eventually(() => File.ReadAllBytes(fixture["own.json"]).SequenceEqual(LeaseJson.Format(Own)));
    }

    [Fact]
    public async Task Another_host_that_uses_our_name_is_told_and_not_overwritten_nor_withdrawn()
    {
        await using LeaseSourceFixture fixture = new(_often);
        await fixture.Source.PublishAsync(Own, default);
        fixture.Watch();
        await fixture.ShouldSee(Own);

        Lease theirs = Own with { PublicIp = IpAddress.Parse("192.168.77.99") };
        fixture.Rename(theirs);
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey(fixture["own.json"]));
        fixture.Source.Problems[fixture["own.json"]].ShouldContain("192.168.77.99");
        File.ReadAllBytes(fixture["own.json"]).ShouldBe(LeaseJson.Format(theirs));

        await fixture.Source.WithdrawAsync("own", default);
        File.Exists(fixture["own.json"]).ShouldBeTrue("it is the other host's");
    }

    [Fact]
    public async Task Our_own_lease_is_written_again_when_somebody_deletes_it_but_not_after_withdrawal()
    {
        await using LeaseSourceFixture fixture = new(_often);
        fixture.Rename(Ipv4("b", 2));
        await fixture.Source.PublishAsync(Own, default);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);

        File.Delete(fixture["own.json"]);
        await fixture.Eventually(() => File.Exists(fixture["own.json"]));
        await fixture.ShouldStillSee(Ipv4("b", 2), Own);
        fixture.Updates.ShouldBe(1);

        await fixture.Source.WithdrawAsync("own", default);
        await fixture.ShouldSee(Ipv4("b", 2));
        await fixture.ShouldStillSee(Ipv4("b", 2));
        File.Exists(fixture["own.json"]).ShouldBeFalse();
    }
}
