using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Ebpf.Mirroring;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Tests;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class TableMirrorTests : IDisposable
{
    private readonly BpfObject _source = BpfObject.ReadEmbedded();
    private readonly TierMaps _maps;
    private readonly ForwardingTableBuilder _builder = new();
    private TableMirror _mirror;

    public TableMirrorTests()
    {
        _maps = TierMaps.Create(_source);
        _mirror = NewMirror();
    }

    [Fact]
    public void The_maps_have_the_tables_routes_and_vteps()
    {
        Follow(builder => builder.AddLocal(TestNode.A.PodsV4).AddLocal(TestNode.A.PodsV6)
            .AddRoute(TestNode.B.PodsV4, TestNode.B.Remote).AddRoute(TestNode.B.PodsV6, TestNode.B.RemoteV6));
        CheckAll();
        TargetOf(TestNode.A.PodsV4).ShouldBe(Target.OwnNode);

        // Two VTEPs of one node: different rows, one owner.
        Target v4 = TargetOf(TestNode.B.PodsV4)!.Value;
        Target v6 = TargetOf(TestNode.B.PodsV6)!.Value;
        v6.Peer.ShouldNotBe(v4.Peer);
        v6.Owner.ShouldBe(v4.Owner);
    }

    [Fact]
    public void A_route_that_leads_elsewhere_is_never_missing()
    {
        Follow(static builder => builder.AddRoute(TestNode.B.PodsV4, TestNode.B.Remote).AddVtep(TestNode.C.Remote));
        Target before = TargetOf(TestNode.B.PodsV4)!.Value;
        using Watch watch = new(() => TargetOf(TestNode.B.PodsV4));
        for (int i = 0; i < 20_000; i++)
        {
            RemoteVtep via = i % 2 == 0 ? TestNode.C.Remote : TestNode.B.Remote;
            Follow(builder => builder.RemoveRoute(TestNode.B.PodsV4).AddRoute(TestNode.B.PodsV4, via));
        }

        watch.Missing.ShouldBe(0);
        watch.Looks.ShouldBeGreaterThan(0);
        TargetOf(TestNode.B.PodsV4).ShouldBe(before);
        CheckAll();
    }

    [Fact]
    public void Another_mac_is_one_store_and_keeps_the_numbers()
    {
        Follow(static builder => builder.AddRoute(TestNode.B.PodsV4, TestNode.B.Remote));
        Target before = TargetOf(TestNode.B.PodsV4)!.Value;
        RemoteVtep changed = TestNode.B.Remote with { Mac = MacAddress.Parse("02:00:00:00:00:77") };
        Follow(builder => builder.RemoveRoute(TestNode.B.PodsV4).RemoveVtep(TestNode.B.Remote)
            .AddRoute(TestNode.B.PodsV4, changed));
        TargetOf(TestNode.B.PodsV4).ShouldBe(before);
        CheckAll();
    }

    [Fact]
    public void An_address_that_another_node_has_got_has_another_owner()
    {
        Follow(static builder => builder.AddRoute(TestNode.B.PodsV4, TestNode.B.Remote));
        uint before = TargetOf(TestNode.B.PodsV4)!.Value.Owner;
        RemoteVtep others = TestNode.B.Remote with { Node = "c" };
        Follow(builder => builder.RemoveRoute(TestNode.B.PodsV4).RemoveVtep(TestNode.B.Remote)
            .AddRoute(TestNode.C.PodsV4, others));
        TargetOf(TestNode.B.PodsV4).ShouldBeNull();
        TargetOf(TestNode.C.PodsV4)!.Value.Owner.ShouldNotBe(before);
        CheckAll();
    }

    [Fact]
    public void Numbers_are_small_and_used_again()
    {
        for (int i = 0; i < 50; i++)
        {
            RemoteVtep vtep = Vtep(i);
            Follow(builder => builder.AddRoute(Pods(i), vtep));
            TargetOf(Pods(i)).ShouldBe(new Target(1, 1));
            Follow(builder => builder.RemoveRoute(Pods(i)).RemoveVtep(vtep));
            _maps.Peers.TryLookup(1, out PeerEntry entry).ShouldBeTrue();
            entry.ShouldBe(default);
        }
    }

    [Fact]
    public void Random_changes_leave_exactly_the_table()
    {
        Random random = new(7);
        Dictionary<int, int> vias = [];
        Follow(static builder => builder.AddLocal(TestNode.A.PodsV4));
        for (int round = 0; round < 300; round++)
        {
            Follow(builder =>
            {
                for (int i = random.Next(6); i >= 0; i--)
                {
                    int route = random.Next(40);
                    if (vias.Remove(route, out int old))
                    {
                        _ = builder.RemoveRoute(Pods(route));
                        if (!vias.ContainsValue(old)) _ = builder.RemoveVtep(Vtep(old));
                    }

                    if (random.Next(3) == 0) continue;
                    vias[route] = random.Next(20);
                    _ = builder.AddRoute(Pods(route), Vtep(vias[route]));
                }
            });
            CheckAll();
        }
    }

    [Fact]
    public void What_an_earlier_process_has_left_is_compared_and_keeps_its_numbers()
    {
        Follow(static builder => builder.AddLocal(TestNode.A.PodsV4).AddRoute(TestNode.B.PodsV4, TestNode.B.Remote)
            .AddRoute(TestNode.C.PodsV4, TestNode.C.Remote));
        Target b = TargetOf(TestNode.B.PodsV4)!.Value;
        Target c = TargetOf(TestNode.C.PodsV4)!.Value;

        // The next process knows nothing of b, and has new routes; what is the same is there all the time.
        _mirror = NewMirror();
        using Watch watch = new(() => TargetOf(TestNode.C.PodsV4) == c ? c : null);
        _ = _builder.RemoveRoute(TestNode.B.PodsV4).RemoveVtep(TestNode.B.Remote)
            .AddRoute(Pods(1), Vtep(1)).AddRoute(TestNode.C.PodsV6, TestNode.C.RemoteV6);
        ForwardingTable table = _builder.Build().With(TestNode.A.Local);
        _mirror.Follow(table, TableChange.From(table));
        watch.Dispose();
        watch.Missing.ShouldBe(0);
        TargetOf(TestNode.C.PodsV4).ShouldBe(c);

        // b's routes are removed last, and until then nobody else has its numbers.
        TargetOf(Pods(1))!.Value.Peer.ShouldNotBe(b.Peer);
        TargetOf(Pods(1))!.Value.Owner.ShouldNotBe(b.Owner);
        TargetOf(TestNode.C.PodsV6)!.Value.Owner.ShouldBe(c.Owner);
        CheckAll(table);
    }

    [Fact]
    public void After_a_failure_the_next_table_is_compared_as_a_whole()
    {
        Follow(static builder => builder.AddRoute(TestNode.B.PodsV4, TestNode.B.Remote));

        // Damage that a change alone would not mend.
        _ = _maps.RoutesV4.TryDelete(RouteKeyV4.Of(TestNode.B.PodsV4));
        _maps.RoutesV4.Update(RouteKeyV4.Of(Pods(9)), new Target(77, 77));
        RemoteVtep[] vteps = [.. Enumerable.Range(0, _maps.PeerCapacity).Select(Vtep)];
        Should.Throw<InvalidOperationException>(() => Follow(builder =>
        {
            foreach (RemoteVtep vtep in vteps) _ = builder.AddVtep(vtep);
        })).Message.ShouldContain("VTEPs have no room in the kernel's maps, which take 16383");
        Follow(builder =>
        {
            foreach (RemoteVtep vtep in vteps) _ = builder.RemoveVtep(vtep);
        });
        CheckAll();
    }

    [Fact]
    public void The_own_end_of_the_tunnels_is_in_the_configuration()
    {
        Follow(static builder => builder.AddRoute(TestNode.B.PodsV4, TestNode.B.Remote));
        _maps.Config.TryLookup(0, out ConfigEntry config).ShouldBeTrue();
        config.Abi.ShouldBe(ConfigEntry.CurrentAbi);
        config.Vni.ShouldBe(TestNode.Network.Value);
        config.Port.ShouldBe(BitConverter.IsLittleEndian ? (ushort)0x1821 : (ushort)8472);
        config.Mac.ShouldBe(MacBytes.Of(TestNode.A.Own.Mac));
        config.MacV6.ShouldBe(MacBytes.Of(TestNode.A.Own.MacV6));
        config.TunIndex.ShouldBe(42);
        config.Switches.ShouldBe(TierSwitches.Forward);
        _mirror.Follow(_builder.Build(), TableChange.None);
        _maps.Config.TryLookup(0, out config).ShouldBeTrue();
        config.Switches.ShouldBe(TierSwitches.None);
    }

    [Fact]
    public void A_hundred_thousand_routes_find_room()
    {
        Follow(static builder =>
        {
            for (int i = 0; i < 100_000; i++) _ = builder.AddRoute(Pods(i), Vtep(i % 5000));
        });
        CheckAll();
        Follow(static builder => builder.RemoveRoute(Pods(5)));
        TargetOf(Pods(5)).ShouldBeNull();
        _mirror.VtepCount.ShouldBe(5000);
    }

    public void Dispose() => _maps.Dispose();

    private static RemoteVtep Vtep(int number) => new(
        $"node-{number / 2}", IpAddress.Parse("172.16.0.1").Add((uint)number),
        new MacAddress(0x0200_0000_0000 + (ulong)number));

    private static IpPrefix Pods(int number) => new(IpAddress.Parse("10.0.0.0").Add((uint)number << 6), 26);

    private TableMirror NewMirror() => new(_maps, new TierConfig(_maps.Config, tunIndex: 42));

    private void Follow(Action<ForwardingTableBuilder> change)
    {
        change(_builder);
        ForwardingTable table = _builder.Build(out TableChange difference).With(TestNode.A.Local);
        _mirror.Follow(table, difference);
    }

    // By a look-up: reading a map whole misses entries while others are removed.
    private Target? TargetOf(IpPrefix prefix)
    {
        Target target;
        bool isThere = prefix.Family == IpFamily.IPv4
            ? _maps.RoutesV4.TryLookup(RouteKeyV4.Of(prefix), out target)
            : _maps.RoutesV6.TryLookup(RouteKeyV6.Of(prefix), out target);
        return isThere ? target : null;
    }

    private void CheckAll() => CheckAll(_builder.Build());

    // Entry by entry, and nothing else.
    private void CheckAll(ForwardingTable table)
    {
        Dictionary<RouteKeyV4, Target> v4 = _maps.RoutesV4.ReadAll();
        Dictionary<RouteKeyV6, Target> v6 = _maps.RoutesV6.ReadAll();
        Dictionary<AddressBytes, Target> vteps = _maps.Vteps.ReadAll();
        (v4.Count + v6.Count).ShouldBe(table.Routes.Count);
        vteps.Count.ShouldBe(table.Fdb.Count);
        foreach (Route route in table.Routes)
        {
            Target target = route.Prefix.Family == IpFamily.IPv4
                ? v4[RouteKeyV4.Of(route.Prefix)] : v6[RouteKeyV6.Of(route.Prefix)];
            target.ShouldBe(route.Via is null ? Target.OwnNode : vteps[AddressBytes.Of(route.Via.Address)]);
        }

        Dictionary<uint, string> owners = [];
        HashSet<uint> peers = [];
        foreach (RemoteVtep vtep in table.Fdb.Rows)
        {
            Target target = vteps[AddressBytes.Of(vtep.Address)];
            _maps.Peers.TryLookup(target.Peer, out PeerEntry entry).ShouldBeTrue();
            entry.ShouldBe(PeerEntry.Of(vtep.Address, vtep.Mac));
            peers.Add(target.Peer).ShouldBeTrue("each VTEP has a row");
            owners.TryAdd(target.Owner, vtep.Node);
            owners[target.Owner].ShouldBe(vtep.Node);
        }

        owners.Values.ShouldBeUnique();
    }

    /// <summary>Looks at something all the time, and counts how often it is missing.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _isOver;

        public Watch(Func<Target?> look)
        {
            using ManualResetEventSlim begun = new();
            _thread = new Thread(() =>
            {
                while (!_isOver)
                {
                    if (look() is null) Missing++;
                    Looks++;
                    if (Looks == 1) begun.Set();
                }
            });
            _thread.Start();
            begun.Wait();
        }

        public int Missing { get; private set; }

        public int Looks { get; private set; }

        public void Dispose()
        {
            _isOver = true;
            _thread.Join();
        }
    }
}
