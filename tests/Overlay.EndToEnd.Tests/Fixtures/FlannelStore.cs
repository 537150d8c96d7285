using System.Text.Json.Nodes;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>An etcd with flannel's configuration of the lab's network, and the leases of its nodes.</summary>
internal sealed class FlannelStore : IDisposable
{
    private const string Prefix = "/coreos.com/network";

    private readonly EtcdServer _etcd;

    public FlannelStore(LabNetwork lab)
    {
        _etcd = EtcdServer.Start(new EtcdServerOptions { Namespace = lab.Switch, Address = LabAddresses.OutsideV4 });
        _ = _etcd.Ctl(
            "put", $"{Prefix}/config",
            """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/56","SubnetLen":24,"Backend":{"Type":"vxlan","VNI":1,"Port":8472}}""");
    }

    /// <summary>The address that clients ask.</summary>
    public string Endpoint => _etcd.Endpoint.OriginalString;

    /// <summary>All nodes' keys.</summary>
    public string[] Keys() => _etcd.Ctl("get", "--prefix", "--keys-only", $"{Prefix}/subnets/")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Has the node's daemon take all of it from here.</summary>
    public void Configure(Node node, bool directRouting = false) => node.WriteConfig(overlay =>
    {
        overlay["Network"] = directRouting ? new JsonObject { ["DirectRouting"] = true } : new JsonObject();
        (overlay["Subnet"], overlay["SubnetV6"]) = ("", "");
        overlay["ControlPlane"] = new JsonObject
        {
            ["Kind"] = "Etcd",
            ["Etcd"] = new JsonObject { ["Endpoints"] = new JsonArray(Endpoint) },
        };
    });

    /// <summary>Writes a node's lease as its flannel does.</summary>
    public void Put(VxlanPeer node)
    {
        // As flannel's own keys, it ends with an etcd lease: one without would be a reservation.
        string lease = _etcd.Ctl("lease", "grant", "86400").Split(' ')[1];
        _ = _etcd.Ctl(
            "put", "--lease", lease, $"{Prefix}/subnets/{FlannelText.KeyOf(node)}", FlannelText.ValueOf(node));
    }

    /// <summary>The lease of the node now, as another's flannel reads it.</summary>
    public VxlanPeer Read(Node node)
    {
        VxlanPeer lease = KernelVxlan.LeaseOf(node);
        return FlannelText.Read(FlannelText.KeyOf(lease), ValueOf(lease));
    }

    /// <summary>The value of a node's key; empty where there is none.</summary>
    public string ValueOf(VxlanPeer node) =>
        _etcd.Ctl("get", "--print-value-only", $"{Prefix}/subnets/{FlannelText.KeyOf(node)}").TrimEnd('\n');

    public void Dispose() => _etcd.Dispose();
}
