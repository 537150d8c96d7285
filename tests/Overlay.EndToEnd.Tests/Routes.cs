using System.Diagnostics;
using System.Text.Json;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>A node's forwarding table, as it reports it.</summary>
internal static class Routes
{
    // A change takes effect within a second; the rest is for a machine that is busy. `bench/run.sh rig --workloads converge` measures it.
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(3);

    /// <summary>Waits until a prefix leads to that underlay address, or with null to nobody.</summary>
    public static void ShouldSoonLead(Node node, string prefix, string? via)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (ViaOf(node, prefix) is var now && now != via)
        {
            (watch.Elapsed < _soon).ShouldBeTrue($"{prefix} on node {node.Name} leads to {now ?? "nobody"}, not {via ?? "nobody"}, after {_soon.TotalSeconds} seconds");
            Thread.Sleep(20);
        }
    }

    /// <summary>The underlay address a prefix leads to, "local", or null.</summary>
    public static string? ViaOf(Node node, string prefix)
    {
        foreach (JsonElement route in Cluster.Report(node, "routes").EnumerateArray())
        {
            if (route.GetProperty("prefix").GetString() == prefix) return route.GetProperty("via").GetString();
        }

        return null;
    }
}
