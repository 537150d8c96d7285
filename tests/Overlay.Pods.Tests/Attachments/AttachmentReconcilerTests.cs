using Overlay.Pods.Allocations;
using Overlay.Pods.Attachments;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

public sealed class AttachmentReconcilerTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly AttachmentRecords _records;
    private readonly AddressStore _store;

    public AttachmentReconcilerTests()
    {
        _records = new(Path.Combine(_directory.Path, "records"));
        _store = new(_directory.Path, "net");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_has_no_interface_any_more_is_released_and_nothing_else()
    {
        AddressAllocator allocator = new(_store, [new([new(IpPrefix.Parse("10.1.0.0/24"))])]);
        foreach (string id in new[] { "gone", "live", "young", "flannels" }) _ = allocator.Allocate(id, "eth0", []);
        _records.Write(Record("gone", age: 10));
        _records.Write(Record("live", age: 10));
        _records.Write(Record("young", age: 0));
        _records.Write(Record("other", age: 10) with { IpamType = "dhcp" });

        foreach ((string name, int age) in new[] { ("old", 10), ("new", 0) })
        {
            string half = Path.Combine(_directory.Path, "records", $"net:{name}:eth0.json.half");
            File.WriteAllText(half, "{");
            File.SetLastWriteTimeUtc(half, DateTime.UtcNow.AddMinutes(-age));
        }

        List<string> problems = [];
        new AttachmentReconciler(_records, static name => name == "ov-live")
            .Reconcile(TimeSpan.FromMinutes(5), problems)
            .Select(static record => record.ContainerId).ShouldBe(["gone"]);
        problems.ShouldBeEmpty();
        Directory.GetFiles(Path.Combine(_directory.Path, "records"), "*.half")
            .ShouldHaveSingleItem().ShouldContain("net:new:");
        _store.Holders()
            .Select(static holder => holder.ContainerId).ShouldBe(["live", "young", "flannels"], ignoreOrder: true);
        _records.List(problems)
            .Select(static record => record.ContainerId).ShouldBe(["live", "other", "young"], ignoreOrder: true);
    }

    [Fact]
    public void A_record_is_read_as_it_was_written_and_a_broken_one_is_told()
    {
        AttachmentRecord record = Record("a", age: 1);
        _records.Write(record);
        _records.Find("net", "a", "eth0").ShouldBe(record);
        File.WriteAllText(Path.Combine(_directory.Path, "records", "net:b:eth0.json"), "{\"network\":");
        List<string> problems = [];
        _records.List(problems).ShouldBe([record]);
        problems.ShouldHaveSingleItem().ShouldContain("net:b:eth0.json");
        _records.Remove("net", "a", "eth0");
        _records.Remove("net", "a", "eth0");
        _records.Find("net", "a", "eth0").ShouldBeNull();
    }

    [Fact]
    public void A_record_under_the_name_of_another_or_with_an_impossible_interface_frees_nothing_and_keeps_nobody_from_being_freed()
    {
        AddressAllocator allocator = new(_store, [new([new(IpPrefix.Parse("10.1.0.0/24"))])]);
        foreach (string id in new[] { "aimed-at", "a", "b" }) _ = allocator.Allocate(id, "eth0", []);
        _records.Write(Record("aimed-at", age: 10));
        string directory = Path.Combine(_directory.Path, "records");
        File.Move(Path.Combine(directory, "net:aimed-at:eth0.json"), Path.Combine(directory, "net:forged:eth0.json"));
        foreach (string id in new[] { "a", "b" }) _records.Write(Record(id, age: 10));

        List<string> problems = [];
        new AttachmentReconciler(
            _records, static name => name == "ov-a" ? throw new IOException("ov-a is no name") : false)
            .Reconcile(TimeSpan.FromMinutes(5), problems).Select(static record => record.ContainerId).ShouldBe(["b"]);
        problems.Count.ShouldBe(2);
        problems.ShouldContain(problem => problem.Contains("net:forged:eth0.json", StringComparison.Ordinal));
        problems.ShouldContain(problem => problem.Contains("ov-a is no name", StringComparison.Ordinal));
        _store.Holders().Select(static holder => holder.ContainerId).ShouldBe(["aimed-at", "a"], ignoreOrder: true);
    }

    [Fact]
    public void An_attachment_that_begins_anew_under_an_old_record_keeps_its_address()
    {
        _ = new AddressAllocator(_store, [new([new(IpPrefix.Parse("10.1.0.0/24"))])]).Allocate("again", "eth0", []);
        _records.Write(Record("again", age: 10));

        // The ADD comes between the list and the release.
        bool LinkExists(string name)
        {
            _records.Write(Record("again", age: 0));
            return false;
        }

        List<string> problems = [];
        new AttachmentReconciler(_records, LinkExists).Reconcile(TimeSpan.FromMinutes(5), problems).ShouldBeEmpty();
        problems.ShouldBeEmpty();
        _store.Holders().ShouldHaveSingleItem().ContainerId.ShouldBe("again");
        _records.Find("net", "again", "eth0").ShouldNotBeNull();
    }

    [Fact]
    public void Names_with_dashes_and_dots_do_not_meet_in_one_record()
    {
        (string Network, string Id, string Name)[] attachments = [("a-b", "c", "eth0"), ("a", "b-c", "eth0"),
            ("a", "b", "c-eth0"), ("a.b", "c", "eth0"), ("a", "b.c", "eth0"), ("a", "b", "c.eth0")];
        foreach ((string network, string id, string name) in attachments)
            _records.Write(Record(id, age: 1) with { Network = network, InterfaceName = name });
        List<string> problems = [];
        _records.List(problems).Select(static record => (record.Network, record.ContainerId, record.InterfaceName))
            .ShouldBe(attachments, ignoreOrder: true);

        _records.Remove("a", "b-c", "eth0");
        _records.Find("a-b", "c", "eth0").ShouldNotBeNull();
        _records.List(problems).Count.ShouldBe(attachments.Length - 1);
    }

    [Fact]
    public void Halves_go_by_network_whatever_their_age()
    {
        _records.Write(Record("a", age: 1));
        string directory = Path.Combine(_directory.Path, "records");
        foreach (string name in new[] { "net:b:eth0", "net-2:b:eth0" })
            File.WriteAllText(Path.Combine(directory, $"{name}.json.half"), "{");
        _records.RemoveHalves("net");
        Directory.GetFiles(directory)
            .Select(Path.GetFileName).ShouldBe(["net:a:eth0.json", "net-2:b:eth0.json.half"], ignoreOrder: true);
    }

    private AttachmentRecord Record(string id, int age) => new()
    {
        Network = "net",
        ContainerId = id,
        InterfaceName = "eth0",
        NetworkNamespacePath = "/run/netns/x",
        HostInterfaceName = $"ov-{id}",
        IpamType = AttachmentRecord.HostLocal,
        IpamDirectory = _directory.Path,
        Time = DateTimeOffset.UtcNow.AddMinutes(-age),
    };
}
