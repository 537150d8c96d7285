using FsCheck;
using FsCheck.Fluent;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>Longest-prefix match against a scan of all prefixes, after wireguard-go's test of its trie.</summary>
public sealed class RouteTableTests
{
    private static readonly RemoteVtep[] _peers = [.. Enumerable.Range(0, 5).Select(Peer.Number)];

    private enum Kind
    {
        Anywhere,
        Nested,
        NextSibling,
        Duplicate,
        WholeFamily,
        FirstHost,
        LastHost,
        EndOfFamily,
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void The_longest_prefix_wins_wherever_and_however_prefixes_nest(IpFamily family)
    {
        int hits = 0;
        Prop.ForAll(Arb.From(Gen.Sized(size => Steps(size)), WithoutOne), steps =>
        {
            List<IpPrefix> prefixes = PrefixesOf(family, steps);
            List<Route> routes = [];
            ForwardingTableBuilder builder = new();
            foreach (IpPrefix prefix in prefixes)
            {
                // Every sixth prefix is this node's own; a duplicate is refused and the first of it stays.
                int number = routes.Count % (_peers.Length + 1);
                Route route = new(prefix, number == _peers.Length ? null : _peers[number]);
                try
                {
                    _ = route.Via is null ? builder.AddLocal(prefix) : builder.AddRoute(prefix, route.Via);
                    routes.Add(route);
                }
                catch (ArgumentException)
                {
                    if (!routes.Exists(known => known.Prefix == prefix)) Assert.Fail($"{prefix} is no duplicate");
                }
            }

            ForwardingTable table = builder.Build();
            foreach (IpAddress address in PointsOf(prefixes).Concat(steps.Select(step => step.AddressOf(family))))
            {
                Route? expected = Scan(routes, address);
                hits += expected is null ? 0 : 1;
                ShouldAgree(table, address, expected);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(60).WithQuietOnSuccess(true));

        // Addresses in no prefix would agree with any table that forwards nothing.
        hits.ShouldBeGreaterThan(1_000);
    }

    [Theory]
    [InlineData("0.0.0.0/0", "10.0.0.0/8", "10.244.0.0/16", "10.244.1.0/24", "10.244.1.10/32")]
    [InlineData("::/0", "fd00::/8", "fd00:10:244::/48", "fd00:10:244:1::/64", "fd00:10:244:1::10/128")]
    public void Prefixes_nested_five_deep_each_keep_what_is_left_of_them(params string[] texts)
    {
        IpPrefix[] prefixes = [.. texts.Select(IpPrefix.Parse)];
        ForwardingTableBuilder builder = new();
        for (int i = 0; i < prefixes.Length; i++) _ = builder.AddRoute(prefixes[i], Peer.Number(i));
        ForwardingTable table = builder.Build();

        table.Lookup(prefixes[^1].Address).ShouldBe(Peer.Number(prefixes.Length - 1));
        for (int i = 1; i < prefixes.Length; i++)
        {
            // Right outside a prefix its parent's range goes on, at both ends.
            table.Lookup(prefixes[i].Last.Add(1)).ShouldBe(Peer.Number(i - 1), prefixes[i].ToString());
            table.Lookup(Before(prefixes[i].Address))
                .ShouldBe(Peer.Number(ParentBefore(prefixes, i)), prefixes[i].ToString());
        }

        // The parent may begin where the child does; then what lies before belongs to the next one out.
        static int ParentBefore(IpPrefix[] prefixes, int child)
        {
            int parent = child - 1;
            while (!prefixes[parent].Contains(Before(prefixes[child].Address))) parent--;
            return parent;
        }
    }

    [Theory]
    [InlineData("255.255.255.255/32", "255.255.255.254/32")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/128")]
    public void The_last_addresses_of_the_family_have_routes_like_any_other(string last, string lastButOne)
    {
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse(last), Peer.Number(1))
            .AddRoute(IpPrefix.Parse(lastButOne), Peer.Number(2)).Build();

        table.Lookup(IpPrefix.Parse(last).Address).ShouldBe(Peer.Number(1));
        table.Lookup(IpPrefix.Parse(lastButOne).Address).ShouldBe(Peer.Number(2));
        table.Lookup(Before(IpPrefix.Parse(lastButOne).Address)).ShouldBeNull();
        table.Lookup(IpPrefix.Parse(last).Last.Add(1)).ShouldBeNull(); // the family's first
    }

    [Fact]
    public void Ten_thousand_pod_CIDRs_in_random_order_each_lead_to_their_node()
    {
        const int count = 10_000;
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(244).Shuffle(order);
        ForwardingTableBuilder builder = new();
        foreach (int i in order)
            _ = builder.AddRoute(PodCidr(i), Peer.Number(i)).AddRoute(PodCidrV6(i), Peer.Number(i));
        ForwardingTable table = builder.Build();

        table.Routes.Count.ShouldBe(2 * count);
        table.Fdb.Count.ShouldBe(count);
        for (int i = 0; i < count; i++)
        {
            foreach (IpPrefix prefix in (IpPrefix[])[PodCidr(i), PodCidrV6(i)])
            {
                bool leadsToIts = table.Lookup(prefix.Address) == Peer.Number(i)
                    && table.Lookup(prefix.Last) == Peer.Number(i);
                if (!leadsToIts) Assert.Fail(prefix.ToString());
            }
        }

        table.Lookup(Before(PodCidr(0).Address)).ShouldBeNull();
        table.Lookup(PodCidr(count - 1).Last.Add(1)).ShouldBeNull();
        table.Lookup(Before(PodCidrV6(0).Address)).ShouldBeNull();
        table.Lookup(PodCidrV6(count - 1).Last.Add(1)).ShouldBeNull();

        static IpPrefix PodCidr(int number) => new(new Ipv4Address(0x0a00_0000 + ((uint)number << 8)), 24);
        static IpPrefix PodCidrV6(int number) =>
            new(new Ipv6Address(new UInt128(0xfd00_0000_0000_0000 + (ulong)number, 0)), 64);
    }

    private static Route? Scan(List<Route> routes, IpAddress address)
    {
        Route? longest = null;
        foreach (Route route in routes)
        {
            if (route.Prefix.Contains(address) && route.Prefix.Length > (longest?.Prefix.Length ?? -1)) longest = route;
        }

        return longest;
    }

    private static void ShouldAgree(ForwardingTable table, IpAddress address, Route? expected)
    {
        bool agrees = table.Lookup(address) == expected?.Via && table.IsLocal(address) == (expected?.IsLocal ?? false);
        foreach (RemoteVtep peer in _peers) agrees &= table.IsAllowedSource(peer, address) == (expected?.Via == peer);
        if (!agrees) Assert.Fail($"{address}: {table.Lookup(address)?.Node ?? "nobody"} instead of {expected}");
    }

    /// <summary>The addresses where a range might begin or end one too early or too late.</summary>
    private static IEnumerable<IpAddress> PointsOf(List<IpPrefix> prefixes) =>
        prefixes.SelectMany(
            prefix => (IpAddress[])[prefix.Address, prefix.Last, Before(prefix.Address), prefix.Last.Add(1)]);

    private static IpAddress Before(IpAddress address) =>
        address.Family == IpFamily.IPv4
            ? new Ipv4Address(unchecked((uint)address.Value - 1))
            : new Ipv6Address(unchecked(address.Value - 1));

    private static Gen<Step[]> Steps(int count) =>
        (from kind in Gen.Elements(Enum.GetValues<Kind>())
         from words in Gen.Choose(int.MinValue, int.MaxValue).Four()
         from pick in Gen.Choose(0, int.MaxValue)
         from length in Gen.Choose(0, 128)
         select new Step(kind, words, pick, length)).ArrayOf(count);

    private static IEnumerable<Step[]> WithoutOne(Step[] steps) =>
        Enumerable.Range(0, steps.Length).Select(at => (Step[])[.. steps[..at], .. steps[(at + 1)..]]);

    /// <summary>Prefixes of which many touch or nest: random ones hardly ever would.</summary>
    private static List<IpPrefix> PrefixesOf(IpFamily family, Step[] steps)
    {
        List<IpPrefix> prefixes = [];
        foreach (Step step in steps)
        {
            IpAddress address = step.AddressOf(family);
            IpPrefix fresh = new(address, step.Length % (address.Bits + 1));
            IpPrefix known = prefixes.Count > 0 ? prefixes[step.Pick % prefixes.Count] : fresh;
            prefixes.Add(step.Kind switch
            {
                Kind.Nested =>
                    new(InsideOf(known, address), known.Length + (step.Length % (address.Bits - known.Length + 1))),
                Kind.NextSibling => new(known.Last.Add(1), known.Length),
                Kind.Duplicate => known,
                Kind.WholeFamily => new(address, 0),
                Kind.FirstHost => new(known.Address, address.Bits),
                Kind.LastHost => new(known.Last, address.Bits),
                Kind.EndOfFamily => new(new IpPrefix(address, 0).Last, fresh.Length),
                _ => fresh,
            });
        }

        return prefixes;

        static IpAddress InsideOf(IpPrefix prefix, IpAddress random)
        {
            UInt128 value = prefix.Address.Value | (random.Value & (prefix.Last.Value - prefix.Address.Value));
            return prefix.Family == IpFamily.IPv4 ? new Ipv4Address((uint)value) : new Ipv6Address(value);
        }
    }

    private sealed record Step(Kind Kind, (int A, int B, int C, int D) Words, int Pick, int Length)
    {
        public IpAddress AddressOf(IpFamily family) =>
            family == IpFamily.IPv4
                ? new Ipv4Address((uint)Words.A)
                : new Ipv6Address(new UInt128(Join(Words.A, Words.B), Join(Words.C, Words.D)));

        private static ulong Join(int high, int low) => ((ulong)(uint)high << 32) | (uint)low;
    }
}
