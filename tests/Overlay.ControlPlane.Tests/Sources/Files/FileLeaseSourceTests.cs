using System.Diagnostics;
using System.Text;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Files;
using Overlay.Testing;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class FileLeaseSourceTests
{
    [Fact]
    public async Task Publishes_the_bytes_of_the_contract_and_nothing_beside()
    {
        await using LeaseSourceFixture fixture = new(create: false);
        await fixture.Source.PublishAsync(Ipv4("b", 2), default);

        Encoding.UTF8.GetString(File.ReadAllBytes(fixture["b.json"])).ShouldBe(
            """{"Subnet":"10.244.2.0/24","SubnetV6":null,"PublicIP":"192.168.77.2","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}}""");
        Directory.GetFileSystemEntries(fixture.Directory).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Publishing_the_same_again_leaves_the_file_alone()
    {
        await using LeaseSourceFixture fixture = new();
        await fixture.Source.PublishAsync(Ipv4("b", 2), default);
        DateTime written = File.GetLastWriteTimeUtc(fixture["b.json"]);
        await Task.Delay(20);
        await fixture.Source.PublishAsync(Ipv4("b", 2), default);
        File.GetLastWriteTimeUtc(fixture["b.json"]).ShouldBe(written);

        await fixture.Source.PublishAsync(Ipv4("b", 3), default);
        File.GetLastWriteTimeUtc(fixture["b.json"]).ShouldNotBe(written);
    }

    [Fact]
    public async Task Finds_and_withdraws_a_lease()
    {
        await using LeaseSourceFixture fixture = new(create: false);
        (await fixture.Source.FindAsync("b", default)).ShouldBeNull();
        await fixture.Source.WithdrawAsync("b", default);

        await fixture.Source.PublishAsync(Ipv4("b", 2), default);
        (await fixture.Source.FindAsync("b", default)).ShouldBe(Ipv4("b", 2));
        await fixture.Source.WithdrawAsync("b", default);

        File.Exists(fixture["b.json"]).ShouldBeFalse();
        (await fixture.Source.FindAsync("b", default)).ShouldBeNull();
        (await fixture.Source.FindAsync("../b", default)).ShouldBeNull();
    }

    [Theory]
    [InlineData("../b")]
    [InlineData("")]
    [InlineData(".b")]
    public async Task A_bad_own_name_is_refused(string node)
    {
        await using LeaseSourceFixture fixture = new();
        _ = await Should.ThrowAsync<ArgumentException>(() => fixture.Source.PublishAsync(Ipv4(node, 2), default));
        _ = await Should.ThrowAsync<ArgumentException>(() => fixture.Source.WithdrawAsync(node, default));
    }

    [Fact]
    public async Task The_first_update_is_a_snapshot_of_all_own_too_and_an_empty_directory_gives_an_empty_one()
    {
        await using LeaseSourceFixture empty = new();
        empty.Watch();
        await empty.ShouldSee();

        await using LeaseSourceFixture fixture = new();
        await fixture.Source.PublishAsync(Own, default);
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
    }

    [Fact]
    public async Task A_renamed_file_is_seen_changed_and_deleted()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Watch();
        await fixture.ShouldSee();

        fixture.Rename(Ipv4("b", 2));
        await fixture.ShouldSee(Ipv4("b", 2));
        fixture.Rename(Ipv4("b", 3));
        await fixture.ShouldSee(Ipv4("b", 3));
        File.Delete(fixture["b.json"]);
        await fixture.ShouldSee();
    }

    [Fact]
    public async Task Files_that_go_one_by_one_are_events_and_most_of_them_at_once_a_snapshot()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        foreach (int number in Enumerable.Range(2, 4)) fixture.Rename(Ipv4($"n{number}", number));
        fixture.Watch();
        await fixture.ShouldSee([.. Enumerable.Range(2, 4).Select(static number => Ipv4($"n{number}", number))]);
        fixture.LastUpdate.ShouldBeOfType<LeaseUpdate.Snapshot>();

        File.Delete(fixture["n2.json"]);
        await fixture.ShouldSee(Ipv4("n3", 3), Ipv4("n4", 4), Ipv4("n5", 5));
        fixture.LastUpdate.ShouldBeOfType<LeaseUpdate.Events>().Changes.ShouldBe([new LeaseEvent.Removed("n2")]);

        // By a rename of the directory they are gone in one moment.
        Directory.CreateDirectory(fixture.Directory + ".new");
        File.WriteAllBytes(Path.Combine(fixture.Directory + ".new", "n3.json"), LeaseJson.Format(Ipv4("n3", 3)));
        Directory.Move(fixture.Directory, fixture.Directory + ".old");
        Directory.Move(fixture.Directory + ".new", fixture.Directory);
        await fixture.ShouldSee(Ipv4("n3", 3));
        fixture.LastUpdate.ShouldBeOfType<LeaseUpdate.Snapshot>();

        File.Delete(fixture["n3.json"]);
        await fixture.ShouldSee();
        fixture.LastUpdate.ShouldBeOfType<LeaseUpdate.Events>("the last one, by itself");
    }

    [Fact]
    public async Task A_file_written_in_place_is_seen()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        File.WriteAllBytes(fixture["b.json"], LeaseJson.Format(Ipv4("b", 3)));
        await fixture.ShouldSee(Ipv4("b", 3));
    }

    [Fact]
    public async Task Another_publishers_file_is_read()
    {
        await using LeaseSourceFixture fixture = new();
        File.WriteAllText(fixture["node-b.json"],
            """
            {
              "Subnet": "10.244.15.0/24", "SubnetV6": "fd00:10:244:32::/64",
              "PublicIP": "192.168.77.2", "PublicIPv6": "fd77::2", "BackendType": "vxlan",
              "BackendData": {"VNI":1,"VtepMAC":"ba:e2:98:10:44:7d"}, "BackendV6Data": {"VNI":1,"VtepMAC":"2a:61:8c:b8:bf:10"}
            }
            """);
        fixture.Watch();

        await fixture.ShouldSee(Dual("node-b", 2) with
        {
            Subnet = Prefix("10.244.15.0/24"),
            SubnetV6 = Prefix("fd00:10:244:32::/64"),
            BackendData = Vtep("ba:e2:98:10:44:7d"),
            BackendV6Data = Vtep("2a:61:8c:b8:bf:10"),
        });
    }

    [Fact]
    public async Task Nothing_is_told_while_nothing_changes()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMilliseconds(100));
        fixture.Rename(Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));

        fixture.Rename(Ipv4("b", 2));
        await fixture.ShouldStillSee(Ipv4("b", 2));
        fixture.Updates.ShouldBe(1);
    }

    [Fact]
    public async Task A_second_watch_begins_with_what_is_known()
    {
        await using LeaseSourceFixture fixture = new();
        fixture.Rename(Ipv4("b", 2));
        await foreach (LeaseUpdate _ in fixture.Source.WatchAsync([], default)) break;
        fixture.Rename("b.json", "garbage");

        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));
    }

    [Fact]
    public void The_rescan_interval_must_be_positive() =>
        Should.Throw<ArgumentOutOfRangeException>(
            () => new FileLeaseSource("leases", new CollectingLogger<FileLeaseSource>(), TimeSpan.Zero));

    [Fact]
    public async Task Many_publishers_at_once_are_all_seen()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Watch();
        await fixture.ShouldSee();
        Lease[] leases = [.. Enumerable.Range(2, 200).Select(static number => Ipv4($"n{number:d3}", number))];
        _ = Parallel.ForEach(leases, fixture.Rename);

        await fixture.ShouldSee(leases);
    }

    [Fact]
    public async Task A_lease_that_is_renamed_over_again_and_again_is_never_missed()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMilliseconds(1));
        foreach (int number in Enumerable.Range(2, 50)) fixture.Rename(Ipv4($"n{number:d3}", number));
        using CancellationTokenSource stop = new();
        Task writer = Task.Run(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
                fixture.Rename(Ipv4($"n{(i % 50) + 2:d3}", (i % 50) + 2));
        });
        int fewest = int.MaxValue;
        fixture.Watch();
        await fixture.Eventually(() => fixture.Leases is not null);
        stop.CancelAfter(TimeSpan.FromSeconds(2));
        while (!writer.IsCompleted)
        {
            fewest = Math.Min(fewest, fixture.Leases!.Count);
            await Task.Delay(1);
        }

        fixture.Updates.ShouldBe(1);
        fewest.ShouldBe(50);
    }

    /// <summary>
    /// Renamed, in place, and with the directory made anew: the median change is told well within a second.
    /// </summary>
    [Fact]
    public async Task A_change_is_told_well_within_a_second()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMinutes(10));
        fixture.Watch();
        await fixture.ShouldSee();
        List<TimeSpan> times = [];
        for (int number = 2; number < 17; number++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            switch (number % 3)
            {
                case 0:
                    File.WriteAllBytes(fixture["b.json"], LeaseJson.Format(Ipv4("b", number)));
                    break;
                case 1:
                    Directory.Delete(fixture.Directory, recursive: true);
                    _ = Directory.CreateDirectory(fixture.Directory);
                    fixture.Rename(Ipv4("b", number));
                    break;
                default:
                    fixture.Rename(Ipv4("b", number));
                    break;
            }

            await fixture.ShouldSee(Ipv4("b", number));
            times.Add(watch.Elapsed);
        }

        times.Order()
            .ElementAt(times.Count / 2).ShouldBeLessThan(TimeSpan.FromMilliseconds(500), string.Join(' ', times));
    }

    [Fact]
    public async Task A_file_that_looks_as_it_did_is_not_read_again()
    {
        // Of the same length, and with the same time of writing: only reading it could tell.
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMilliseconds(50));
        DateTime old = DateTime.UtcNow.AddHours(-1);
        WriteAs(old, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));
        WriteAs(old, Ipv4("b", 3));
        await fixture.ShouldStillSee(Ipv4("b", 2));

        WriteAs(old.AddSeconds(1), Ipv4("b", 3));
        await fixture.ShouldSee(Ipv4("b", 3));

        void WriteAs(DateTime time, Lease lease)
        {
            string file = Path.Combine(Directory.GetParent(fixture.Directory)!.FullName, "b.json");
            File.WriteAllBytes(file, LeaseJson.Format(lease));
            File.SetLastWriteTimeUtc(file, time);
            File.Move(file, fixture["b.json"], overwrite: true);
        }
    }

    [Fact]
    public async Task A_file_written_just_now_is_read_again_whatever_it_looks_like()
    {
        await using LeaseSourceFixture fixture = new(TimeSpan.FromMilliseconds(50));
        fixture.Rename(Ipv4("b", 2));
        DateTime time = File.GetLastWriteTimeUtc(fixture["b.json"]);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2));
        File.WriteAllBytes(fixture["b.json"], LeaseJson.Format(Ipv4("b", 3)));
        File.SetLastWriteTimeUtc(fixture["b.json"], time);
        await fixture.ShouldSee(Ipv4("b", 3));
    }
}
