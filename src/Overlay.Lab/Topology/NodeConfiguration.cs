using System.Text.Json;
using System.Text.Json.Nodes;

namespace Overlay.Lab.Topology;

/// <summary>A node's overlay.json, with all that a lab decides.</summary>
internal static class NodeConfiguration
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public static void Write(Node node, Action<JsonObject>? edit)
    {
        JsonObject overlay = Section(node);
        edit?.Invoke(overlay);
        File.WriteAllText(node.ConfigPath, new JsonObject { ["Overlay"] = overlay }.ToJsonString(_indented));
    }

    // An overlayd of an earlier version, which knows no tiers, runs by this too.
    private static JsonObject Dataplane(Node node)
    {
        JsonObject section = new() { ["Queues"] = 0, ["BusyPollMicroseconds"] = 50, ["PinWorkers"] = false };
        if (node.Options.Tier == LabOptions.UserSpace) return section;
        section["Tier"] = node.Options.Tier;
        section["PinDirectory"] = node.PinDirectory;
        return section;
    }

    private static JsonObject Section(Node node) => new()
    {
        ["NodeName"] = node.Name,
        ["Interface"] = "eth0",
        ["PublicIp"] = "",
        ["PublicIpV6"] = "",
        ["Network"] = new JsonObject
        {
            ["Cidr"] = node.PodCidrV4 is null ? "" : LabAddresses.ClusterV4.ToString(),
            ["CidrV6"] = node.PodCidrV6 is null ? "" : LabAddresses.ClusterV6.ToString(),
            ["SubnetLength"] = 24,
            ["SubnetLengthV6"] = 64,
            ["Vni"] = node.Options.Vni,
            ["Port"] = node.Options.Port,
            ["Mtu"] = 0,
            ["DirectRouting"] = false,
        },
        ["Subnet"] = node.PodCidrV4?.ToString() ?? "",
        ["SubnetV6"] = node.PodCidrV6?.ToString() ?? "",
        ["ServiceCidrs"] = new JsonArray(LabAddresses.ServiceCidr.ToString()),
        ["ControlPlane"] = new JsonObject
        {
            ["Kind"] = "File",
            ["File"] = new JsonObject { ["Directory"] = node.LeaseDirectory },
        },
        ["Dataplane"] = Dataplane(node),
        ["StateDirectory"] = node.StateDirectory,
        ["SubnetFile"] = node.SubnetFile,
        ["CniInstall"] = new JsonObject { ["StateDirectory"] = node.CniRecords },
        ["IpMasq"] = true,

        // Probes nobody asked for would be among the packets that are counted.
        ["Metrics"] = new JsonObject { ["ProbeSeconds"] = 0 },
        ["Admin"] = new JsonObject { ["Socket"] = node.Socket, ["Http"] = "127.0.0.1:9472" },
    };
}
