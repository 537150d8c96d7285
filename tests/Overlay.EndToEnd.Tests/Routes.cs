using System.Diagnostics;
using System.Text.Json;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>A node's forwarding table, as it reports it.</summary>
internal static class Routes
{
    /// <summary>The bound for a change to be in the table.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Waits until a prefix leads to that underlay address, or with null to nobody.</summary>
    public static void ShouldSoonLead(Node node, string prefix, string? via)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (ViaOf(node, prefix) is var now && now != via)
        {
            (watch.Elapsed < Soon)
                .ShouldBeTrue(
                    $"{prefix} on node {node.Name} leads to {now ?? "nobody"}, not {via ?? "nobody"}, after "
                    + $"{Soon.TotalSeconds} s");
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
