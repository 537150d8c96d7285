using System.Diagnostics;
using System.Globalization;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>A large cluster in a real etcd that changes all the while, on nodes that have work to do.</summary>
[Collection(Alone.Name)]
public sealed class ScaleTests : IDisposable
{
    private const int ChangesPerSecond = 100;
    private const int Batch = 100;
    private const long Megabyte = 1024 * 1024;

    private const int Peers = 5000;
    private static readonly TimeSpan _time = TimeSpan.FromSeconds(60);

    private readonly LabNetwork _lab = LabNetwork.Create(
        new LabOptions { Name = "scale", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    public void Dispose() => _lab.Dispose();

    [LongFact]
    public void Thousands_of_leases_of_which_a_hundred_change_each_second_cost_no_packet()
    {
        using EtcdServer etcd =
            EtcdServer.Start(new EtcdServerOptions { Namespace = _lab.Switch, Address = LabAddresses.OutsideV4 });
        _ = etcd.Ctl(
            "put", "/coreos.com/network/config",
            """{"Network":"10.192.0.0/10","SubnetLen":24,"Backend":{"Type":"vxlan","VNI":1,"Port":8472}}""");
        using EtcdWriter writer = new(_lab.Switch, etcd);
        foreach (int[] numbers in Enumerable.Range(0, Peers).Chunk(Batch))
            writer.Put(numbers.Select(static number => (KeyOf(number), ValueOf(number, 0))));
        foreach (Node node in _lab.Nodes) node.UseEtcd(etcd);
        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        foreach (Node node in _lab.Nodes) Cluster.WaitForPeers(node, Peers + 1);
        A.Pods[0].WaitForPing(B.Pods[0].AddressV4!);

        using PacedFlow flow = new(A.Pods[0], B.Pods[0], B.Pods[0].AddressV4!, 1000);
        using PacedFlow back = new(B.Pods[0], A.Pods[0], A.Pods[0].AddressV4!, 1000);
        using Gigabit bulk = new(A.Pods[0], B.Pods[0], B.Pods[0].AddressV4!);
        int changes = Change(writer);
        double megabits = bulk.Stop();
        FlowResult[] results = [flow.Stop(), back.Stop()];
        Convergence convergence = Convergence.Of(AdminSocket.GetLoopback(A, 9472, "metrics"));
        long resident = ProcessMemory.Of(daemons[0], "VmRSS");
        LongRun.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"{Peers} leases, {changes} changes in {_time.TotalSeconds} s beside {megabits:0} Mbit/s: {results[0]}; "
            + $"{results[1]}; {convergence}; resident {resident / Megabyte} MiB"));

        results.ShouldAllBe(static result => result.Lost == 0 && result.Doubled == 0 && result.Overtaken == 0);
        convergence.Changes.ShouldBeGreaterThan(0);
        resident.ShouldBeLessThan(200 * Megabyte);

        // The last change of all is in the table.
        Waiting.For(() => Routes.ViaOf(A, PrefixOf(changes % Peers)) is { } via
            && via == AddressOf(changes % Peers, changes));
    }

    // At their pace; a writer that is late makes up for it.
    private static int Change(EtcdWriter writer)
    {
        int changes = 0;
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < _time; Thread.Sleep(1))
        {
            for (; changes < watch.Elapsed.TotalSeconds * ChangesPerSecond; changes++)
                writer.Put(KeyOf((changes + 1) % Peers), ValueOf((changes + 1) % Peers, changes + 1));
        }

        return changes;
    }

    private static string KeyOf(int number) => PrefixOf(number).Replace('/', '-');

    private static string PrefixOf(int number) => $"10.{192 + (number >> 8)}.{number & 255}.0/24";

    private static string AddressOf(int number, int change) => $"172.{16 + (change & 7)}.{number >> 8}.{number & 255}";

    private static string ValueOf(int number, int change) =>
        $$$"""{"PublicIP":"{{{AddressOf(number, change)}}}","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:01:{{{number >> 8:x2}}}:{{{number & 255:x2}}}"}}""";
}
