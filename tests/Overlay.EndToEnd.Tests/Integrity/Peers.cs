using System.Text.Json.Nodes;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>Two nodes that a relay comes between.</summary>
/// <param name="Ours">2: both run our daemon. 1: node b is kernel VXLAN, set up as flannel does it.</param>
/// <param name="Queues">Of our daemon, each with a worker.</param>
/// <param name="Offloads">Our daemon's, and whether links join what arrives.</param>
/// <param name="Underlay">
/// IPv4 alone carries IPv6 pods too: where its outer checksum is none, an inner IPv6 header has no checksum at all.
/// </param>
internal sealed record Peers(int Ours, int Queues, bool Offloads, AddressFamilies Underlay)
{
    // Fragments are put together in the nodes and in the pods. That may neither depend on how many other datagrams come
    // in between, nor on those that stay incomplete: on their room, or on an identification that comes again.
    private static readonly (string Name, string Value)[] _reassembly =
    [
        ("net/ipv4/ipfrag_max_dist", "0"), ("net/ipv4/ipfrag_time", "5"),
        ("net/ipv4/ipfrag_high_thresh", "134217728"),
        ("net/ipv6/ip6frag_high_thresh", "134217728"), ("net/netfilter/nf_conntrack_frag6_high_thresh", "134217728"),
    ];

    public Cluster Start()
    {
        LabOptions options = new() { Name = "integrity", Underlay = Underlay };
        Cluster cluster = Ours == 2 ? Cluster.Start(options, Edit) : Cluster.StartBesideKernel(options, Edit);
        foreach (Node node in cluster.Lab.Nodes)
        {
            node.Link.SetPacketwise(Offloads);
            foreach ((string name, string value) in _reassembly)
            {
                node.Set(name, value);
                if (!name.Contains("netfilter", StringComparison.Ordinal)) node.Pods[0].Set(name, value);
            }

            SteerByFlow(node);
            SteerByFlow(node.Pods[0]);
        }

        return cluster;
    }

    // A packet that crosses a veth waits in a queue of the processor that sent it: a thread that moves to another one,
    // of the relay, the generator or the daemon, may overtake itself there. By flow it is always the same processor's.
    private static void SteerByFlow(NetworkNamespace inside) => inside.Run(
        "sh", "-c", "for each in /sys/class/net/*/queues/rx-*/rps_cpus; do echo \"$1\" >\"$each\" || exit 1; done",
        "sh", $"{(1 << Math.Min(Environment.ProcessorCount, 30)) - 1:x}").EnsureSuccess();

    private void Edit(JsonObject overlay)
    {
        JsonObject dataplane = overlay["Dataplane"]!.AsObject();
        dataplane[nameof(Queues)] = Queues;
        dataplane[nameof(Offloads)] = new JsonArray(Offloads ? "All" : "None");
    }
}
