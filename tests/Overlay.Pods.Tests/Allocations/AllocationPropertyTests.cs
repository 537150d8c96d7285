using FsCheck;
using FsCheck.Fluent;
using Overlay.Pods.Allocations;
using Overlay.Pods.Ranges;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

public sealed class AllocationPropertyTests
{
    private static readonly string[] _ids = ["a", "b", "c", "d", "e", "f", "g", "h"];

    // Each number is one step: whose it is, and whether it adds or deletes.
    [Fact]
    public void Whatever_is_added_and_deleted_every_address_has_one_holder_and_none_is_lost() =>
        Prop.ForAll(Gen.Choose(0, 15).ArrayOf().ToArbitrary(), static (int[] steps) =>
        {
            using TempDirectory directory = new();
            AddressStore store = new(directory.Path, "net");
            AddressRange first = new(IpPrefix.Parse("10.1.0.0/30"));
            AddressRange second =
                new(IpPrefix.Parse("10.2.0.0/24"), IpAddress.Parse("10.2.0.10"), IpAddress.Parse("10.2.0.13"));
            AddressAllocator allocator = new(store, [new([first, second])]);
            Dictionary<string, IpAddress> held = [];
            foreach (int step in steps)
            {
                string id = _ids[step % 8];
                if (step >= 8)
                {
                    AddressAllocator.Release(store, id, "eth0");
                    _ = held.Remove(id);
                    continue;
                }

                try
                {
                    held.Add(id, allocator.Allocate(id, "eth0", [])[0].Address);
                }
                catch (IpamException)
                {
                    (held.ContainsKey(id) || held.Count == 5).ShouldBeTrue();
                }
            }

            held.Values.Distinct().Count().ShouldBe(held.Count);
            store.Holders().ToDictionary(static holder => holder.ContainerId, static holder => holder.Address)
                .ShouldBe(held, ignoreOrder: true);
            (allocator.Exhaustion() is not null).ShouldBe(held.Count == 5);
        }).QuickCheckThrowOnFailure();
}
