using System.Text.Json;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>A node's forwarding table, as it reports it.</summary>
internal static class Routes
{
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
