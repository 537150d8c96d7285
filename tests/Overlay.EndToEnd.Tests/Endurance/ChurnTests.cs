using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>Peers, pods, readers and rules that come and go for long: nothing of them stays behind.</summary>
public sealed class ChurnTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;
    private const int FewRounds = 2;

    private static readonly TimeSpan _long = TimeSpan.FromMinutes(30);

    private readonly Cluster _cluster = Cluster.Start(
        new LabOptions { Name = "churn" }, static overlay => overlay["ControlPlane"]!["HoldSeconds"] = 1);
    private int _rounds;

    private Node A => _cluster["a"];

    private Node B => _cluster["b"];

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void What_comes_and_goes_leaves_no_descriptor_thread_route_rule_file_or_memory()
    {
        // The first rounds start what a process starts once, such as threads and pools.
        for (int warmUp = 0; warmUp < (LongRun.Is ? 10 : 1); warmUp++) Round();
        Footprint before = Settled(null);
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; LongRun.Is ? watch.Elapsed < _long : i < FewRounds; i++) Round();
        Footprint after = Settled(before);
        LongRun.Note($"{_rounds} rounds of churn: {before} before, {after} after");

        after.MoreThan(before).ShouldBeEmpty($"{before}; {after}");
        after.Threads.ShouldBeLessThanOrEqualTo(before.Threads + 2, "the pool's own come and go");
        after.Kernel.ShouldBe(before.Kernel);
        after.Files.ShouldBe(before.Files);
        after.Heap.ShouldBeLessThan(before.Heap + (8 * Megabyte), $"{before}; {after}");
        after.Anonymous.ShouldBeLessThan(before.Anonymous + (24 * Megabyte), $"{before}; {after}");
    }

    private void Round()
    {
        _rounds++;
        string[] leases = [.. Enumerable.Range(3, 40).Select(Lease)];
        Pod pod = A.AddPod();
        Cluster.WaitForPeers(A, 41);
        foreach (IPAddress address in B.Pods[0].Addresses)
        {
            pod.WaitForPing(address);
            TcpTransfer.Check(pod, B.Pods[0], address, Megabyte);
        }

        Read();
        A.Run("nft", "flush", "ruleset").EnsureSuccess();
        A.Ip("link set overlay.1 down", "link set overlay.1 up", "link set eth0 mtu 1400", "link set eth0 mtu 1500");
        foreach (string lease in leases) File.Delete(lease);
        A.RemovePod(pod);
        Waiting.For(() => Cluster.Report(A, "peers").GetArrayLength() == 1, 20);
        A.Pods[0].WaitForPing(B.Pods[0].AddressV4!);
        foreach (string family in new[] { "ip", "ip6" })
            Waiting.For(() => A.Run("nft", "list", "table", family, "overlay-1").Output
                .Contains("masquerade", StringComparison.Ordinal));
    }

    private string Lease(int number)
    {
        string file = Path.Combine(_cluster.Lab.LeaseDirectory, $"n{number}.json");
        string mac = string.Create(CultureInfo.InvariantCulture, $"02:00:00:00:05:{number:x2}");
        new VxlanPeer(
            IPNetwork.Parse($"10.244.{number + 100}.0/24"), IPAddress.Parse($"192.168.77.{number + 100}"), mac, null, null, null)
            .Write(file, A.Options.Vni);
        return file;
    }

    // All that somebody reads: reports, pages, streams and captures that end in the middle.
    private void Read()
    {
        foreach (string report in new[] { "status", "peers", "routes", "counters", "config" }) _ = Cluster.Report(A, report);
        for (int i = 0; i < 5; i++)
        {
            foreach (string path in new[] { "metrics", "readyz", "", "events" }) Leave(path);
            _ = AdminSocket.GetLoopback(A, 9472, "metrics");
        }
    }

    // A reader that asks and is gone before the answer's end.
    private void Leave(string path) => A.Invoke(() =>
    {
        using TcpClient client = new();
        client.Connect(IPAddress.Loopback, 9472);
        client.GetStream().Write(System.Text.Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        _ = client.GetStream().ReadByte();
    });

    // Connections and pool threads end some seconds after their use.
    private Footprint Settled(Footprint? former)
    {
        Footprint now = Footprint.Of(A, _cluster.Daemons[0]);
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(30);)
        {
            Thread.Sleep(1000);
            Footprint next = Footprint.Of(A, _cluster.Daemons[0]);
            bool isSettled = (former ?? now) is var like && !next.MoreThan(like).Any()
                && next.Kernel == like.Kernel && next.Threads <= like.Threads;
            now = next;
            if (isSettled) break;
        }

        return now;
    }
}
