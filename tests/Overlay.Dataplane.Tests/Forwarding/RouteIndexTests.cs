using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Look-ups where a slice of a <see cref="RouteTable{TNumber}"/>'s index ends, is empty or holds nearly everything.
/// </summary>
public sealed class RouteIndexTests
{
    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    public void A_route_for_everything_is_one_range_from_the_first_address_to_the_last(string everything)
    {
        IpPrefix prefix = IpPrefix.Parse(everything);
        ForwardingTable table = new ForwardingTableBuilder().AddRoute(prefix, Peer.Number(1)).Build();

        foreach (IpAddress address in (IpAddress[])[prefix.Address, prefix.Address.Add(
            1), prefix.Last, prefix.Last.Add(0xffff_ffff)])
            table.Lookup(address).ShouldBe(Peer.Number(1), address.ToString());
    }

    [Theory]
    [InlineData("0.0.0.0/32")]
    [InlineData("255.255.255.255/32")]
    [InlineData("10.244.1.10/32")]
    [InlineData("::/128")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")]
    [InlineData("fd00:10:244:1::10/128")]
    public void One_address_alone_has_a_route_and_neither_neighbour_has(string text)
    {
        IpPrefix prefix = IpPrefix.Parse(text);
        ForwardingTable table = new ForwardingTableBuilder().AddRoute(prefix, Peer.Number(1)).Build();

        table.Lookup(prefix.Address).ShouldBe(Peer.Number(1));
        table.Lookup(prefix.Address.Add(1)).ShouldBeNull();
        table.Lookup(Before(prefix.Address)).ShouldBeNull();
    }

    [Theory]
    [InlineData("10.0.0.0/8", 16)]
    [InlineData("10.0.0.0/8", 20)]
    [InlineData("0.0.0.0/0", 8)]
    [InlineData("192.168.77.0/24", 32)]
    [InlineData("fd00:10:244::/48", 56)]
    [InlineData("fd00:10:244:1::/64", 72)]
    [InlineData("fd00::/120", 128)]
    [InlineData("::/0", 9)]
    public void Side_by_side_every_prefix_ends_where_the_next_begins(string cluster, int length)
    {
        // At every count the slices have another size; prefixes begin on their edges and between them.
        IpPrefix all = IpPrefix.Parse(cluster);
        for (int count = 1; count <= 1 << Math.Min(8, length - all.Length); count = (count * 2) + (count & 1))
        {
            IpPrefix[] prefixes = new IpPrefix[Math.Min(count, 1 << (length - all.Length))];
            ForwardingTableBuilder builder = new();
            for (int i = 0; i < prefixes.Length; i++)
            {
                prefixes[i] = new(i == 0 ? all.Address : prefixes[i - 1].Last.Add(1), length);
                _ = builder.AddRoute(prefixes[i], Peer.Number(i));
            }

            ForwardingTable table = builder.Build();
            for (int i = 0; i < prefixes.Length; i++)
            {
                table.Lookup(prefixes[i].Address).ShouldBe(Peer.Number(i), $"{prefixes[i]} of {count}");
                table.Lookup(prefixes[i].Last).ShouldBe(Peer.Number(i), $"{prefixes[i]} of {count}");
            }

            bool coversTheFamily = all.Length == 0 && prefixes.Length == 1 << length;
            if (!coversTheFamily)
                table.Lookup(prefixes[^1].Last.Add(1)).ShouldBeNull($"behind {prefixes[^1]} of {count}");
            if (all.Length > 0) table.Lookup(Before(all.Address)).ShouldBeNull($"before {all} of {count}");
        }
    }

    [Theory]
    [InlineData("10.244.0.0/16", "250.0.0.0/8")]
    [InlineData("240.0.0.0/4", "0.0.0.0/8")]
    [InlineData("fd00:10:244::/112", "fe00::/8")]
    [InlineData("ffff::/112", "::/8")]
    public void A_prefix_far_from_all_others_leaves_them_in_one_slice_and_right(string crowded, string far)
    {
        const int count = 1000;
        IpPrefix crowd = IpPrefix.Parse(crowded);
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddRoute(IpPrefix.Parse(far), Peer.Number(count));
        for (int i = 0; i < count; i++)
            _ = builder.AddRoute(new(crowd.Address.Add(2 * (uint)i), crowd.Address.Bits), Peer.Number(i));
        ForwardingTable table = builder.Build();

        for (int i = 0; i < count; i++)
        {
            table.Lookup(crowd.Address.Add(2 * (uint)i)).ShouldBe(Peer.Number(i));
            table.Lookup(crowd.Address.Add((2 * (uint)i) + 1)).ShouldBeNull();
        }

        table.Lookup(IpPrefix.Parse(far).Address).ShouldBe(Peer.Number(count));
        table.Lookup(IpPrefix.Parse(far).Last).ShouldBe(Peer.Number(count));
    }

    [Theory]
    [InlineData(IpFamily.IPv4, 1)]
    [InlineData(IpFamily.IPv4, 3_000)]
    [InlineData(IpFamily.IPv6, 2)]
    [InlineData(IpFamily.IPv6, 3_000)]
    public void Random_tables_agree_with_a_scan_of_all_prefixes(IpFamily family, int count)
    {
        Random random = new(count);
        Dictionary<IpPrefix, RemoteVtep> routes = [];
        ForwardingTableBuilder builder = new();
        while (routes.Count < count)
        {
            IpAddress address = RandomAddress();
            IpPrefix prefix = new(address, random.Next(4, address.Bits + 1));
            if (routes.TryAdd(prefix, Peer.Number(routes.Count))) _ = builder.AddRoute(prefix, routes[prefix]);
        }

        ForwardingTable table = builder.Build();
        IpPrefix[] known = [.. routes.Keys];
        for (int i = 0; i < 3_000; i++)
        {
            IpPrefix near = known[random.Next(count)];
            IpAddress address = random.Next(4) switch
            {
                0 => near.Address,
                1 => near.Last.Add((uint)random.Next(2)),
                2 => Before(near.Address),
                _ => RandomAddress(),
            };
            RemoteVtep? expected = null;
            for (int length = address.Bits; expected is null && length >= 0; length--)
                expected = routes.GetValueOrDefault(new(address, length));
            table.Lookup(address).ShouldBe(expected, address.ToString());
        }

        IpAddress RandomAddress() => family == IpFamily.IPv4
            ? new Ipv4Address((uint)random.NextInt64(1L << 32))
            : new Ipv6Address(new UInt128((ulong)random.NextInt64() << 1, (ulong)random.NextInt64() << 1));
    }

    private static IpAddress Before(IpAddress address) =>
        address.Family == IpFamily.IPv4
            ? new Ipv4Address(unchecked((uint)address.Value - 1))
            : new Ipv6Address(unchecked(address.Value - 1));
}
