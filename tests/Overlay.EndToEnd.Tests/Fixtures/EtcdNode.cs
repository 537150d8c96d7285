using System.Text.Json.Nodes;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>Nodes of the lab that take their network, and their pod CIDR, from etcd.</summary>
internal static class EtcdNode
{
    /// <summary>Writes the node's configuration, and the subnet file of a flannel that was there before.</summary>
    public static void UseEtcd(this Node node, EtcdServer etcd)
    {
        node.WriteConfig(overlay =>
        {
            overlay["Network"] = new JsonObject();
            overlay["Subnet"] = "";
            overlay["ControlPlane"] = new JsonObject
            {
                ["Kind"] = "Etcd",
                ["Etcd"] = new JsonObject { ["Endpoints"] = new JsonArray(etcd.Endpoint.OriginalString) },
            };
        });

        // Pods of the lab have addresses of these.
        File.WriteAllText(node.SubnetFile, $"FLANNEL_SUBNET={LabAddresses.GatewayV4(node.Index)}/24\n");
    }
}
