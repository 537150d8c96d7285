using Overlay.Pods.Allocations;
using Overlay.Pods.Ranges;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

public sealed class AddressAllocatorTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly AddressStore _store;

    public AddressAllocatorTests() => _store = new(_directory.Path, "net");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Addresses_are_given_round_robin_and_a_freed_one_comes_last()
    {
        AddressAllocator allocator = Allocator("10.1.0.0/29");
        Allocate(allocator, "a").ShouldBe("10.1.0.2");
        Allocate(allocator, "b").ShouldBe("10.1.0.3");
        AddressAllocator.Release(_store, "a", "eth0");
        Allocate(allocator, "c").ShouldBe("10.1.0.4");
        Allocate(allocator, "d").ShouldBe("10.1.0.5");
        Allocate(allocator, "e").ShouldBe("10.1.0.6");
        Allocate(allocator, "f").ShouldBe("10.1.0.2");
    }

    [Fact]
    public void A_full_range_is_named_with_some_of_those_who_hold_it_and_changes_nothing()
    {
        AddressAllocator allocator = Allocator("10.1.0.0/29", "fd00:1::/64");
        foreach (string id in new[] { "a", "b", "c", "d", "e" }) _ = allocator.Allocate(id, "eth0", []);
        allocator.Exhaustion().ShouldNotBeNull().ShouldContain("5 are taken");
        string[] before = Files();
        string message = Should.Throw<IpamException>(() => allocator.Allocate("f", "eth0", [])).Message;
        message.ShouldContain("10.1.0.1-10.1.0.6 of 10.1.0.0/29");
        message.ShouldContain("a (10.1.0.");
        Files().ShouldBe(before);

        // The first set has room, the second has not: the address of the first goes back.
        AddressAllocator reversed = new(_store, [Set("fd00:2::/64"), Set("10.1.0.0/29")]);
        _ = Should.Throw<IpamException>(() => reversed.Allocate("f", "eth0", []));
        Files().ShouldNotContain("fd00:2::2");
    }

    [Fact]
    public void A_wanted_address_is_given_once()
    {
        AddressAllocator allocator = Allocator("10.1.0.0/24", "fd00:1::/64");
        IpAddress wanted = IpAddress.Parse("fd00:1::77");
        allocator.Allocate("a", "eth0", [wanted])[1].Address.ShouldBe(wanted);
        Should.Throw<IpamException>(
            () => allocator.Allocate("b", "eth0", [wanted])).Message.ShouldContain("fd00:1::77");
        Should.Throw<IpamException>(
            () => allocator.Allocate("b", "eth0", [IpAddress.Parse("10.1.0.1")])).Message.ShouldContain("gateway");
        Should.Throw<IpamException>(() =>
            allocator.Allocate("b", "eth0", [IpAddress.Parse("10.9.0.1")])).Message.ShouldContain("not in the ranges");
        _store.Holders().Select(static holder => holder.ContainerId).Distinct().ShouldBe(["a"]);
    }

    [Fact]
    public void An_attachment_gets_its_addresses_once_and_each_interface_has_its_own()
    {
        AddressAllocator allocator = Allocator("10.1.0.0/24");
        _ = allocator.Allocate("a", "eth0", []);
        Should.Throw<IpamException>(() => allocator.Allocate("a", "eth0", [])).Message.ShouldContain("10.1.0.2");
        _ = allocator.Allocate("a", "net1", []);
        AddressAllocator.Release(_store, "a", "eth0");
        _store.Holders().ShouldHaveSingleItem().InterfaceName.ShouldBe("net1");
    }

    [Fact]
    public void An_empty_file_is_nobodys_and_one_without_interface_is_the_containers()
    {
        AddressAllocator allocator = Allocator("10.1.0.0/29");
        _ = Directory.CreateDirectory(_store.Directory);
        File.WriteAllText(Path.Combine(_store.Directory, "10.1.0.2"), "");
        File.WriteAllText(Path.Combine(_store.Directory, "10.1.0.3"), "old\n");
        Allocate(allocator, "a").ShouldBe("10.1.0.2");
        Allocate(allocator, "b").ShouldBe("10.1.0.4");
        AddressAllocator.Release(_store, "old", "eth0");
        File.Exists(Path.Combine(_store.Directory, "10.1.0.3")).ShouldBeFalse();
    }

    [Fact]
    public void The_files_are_those_of_host_local()
    {
        _ = Allocator("10.1.0.0/24", "fd00:1::/64").Allocate("abc", "eth0", []);
        File.ReadAllText(Path.Combine(_store.Directory, "10.1.0.2")).ShouldBe("abc\r\neth0");
        File.ReadAllText(Path.Combine(_store.Directory, "fd00:1::2")).ShouldBe("abc\r\neth0");
        File.ReadAllText(Path.Combine(_store.Directory, "last_reserved_ip.1")).ShouldBe("fd00:1::2");
        Files().ShouldBe(
            ["10.1.0.2", "fd00:1::2", "last_reserved_ip.0", "last_reserved_ip.1", "lock"], ignoreOrder: true);
    }

    [Fact]
    public async Task Two_hundred_at_once_never_share_an_address_and_leave_none()
    {
        string[] given = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => Task.Run(() => Allocate(Allocator("10.1.0.0/24"), $"c{i}"))));
        given.Distinct().Count().ShouldBe(200);
        await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(i => Task.Run(() => AddressAllocator.Release(new(_directory.Path, "net"), $"c{i}", "eth0"))));
        Files().ShouldBe(["last_reserved_ip.0", "lock"], ignoreOrder: true);
    }

    [Fact]
    public void A_store_that_cannot_be_is_an_error_for_Allocate_and_none_for_Release()
    {
        File.WriteAllText(Path.Combine(_directory.Path, "net"), "");
        _ = Should.Throw<IOException>(() => Allocator("10.1.0.0/24").Allocate("a", "eth0", []));
        AddressAllocator.Release(_store, "a", "eth0");
    }

    private AddressAllocator Allocator(params string[] subnets) => new(_store, [.. subnets.Select(Set)]);

    private static RangeSet Set(string subnet) => new([new(IpPrefix.Parse(subnet))]);

    private static string Allocate(AddressAllocator allocator, string id) =>
        allocator.Allocate(id, "eth0", [])[0].Address.ToString();

    private string[] Files() =>
        [.. Directory.GetFiles(_store.Directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
