using System.Net;
using Overlay.Cni.Wiring;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Cni.Tests;

/// <summary>A namespace for the node, without a bridge, and empty ones for its pods.</summary>
public sealed class BridgeLab : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "wiring", Nodes = 5, PodsPerNode = 0 });

    public BridgeLab() => _lab.Guard(() =>
    {
        // The other nodes stand for pods: their cable and bridge are in the way.
        foreach (Node node in _lab.Nodes)
        {
            node.Ip("link delete cni0");
            if (node != Host) node.Ip("link delete eth0");
        }

        Host.Set("net/ipv4/ip_forward", "0");
        Host.Set("net/ipv6/conf/all/forwarding", "0");
    });

    public Node Host => _lab["a"];

    public Node Pod(int number) => _lab.Nodes[number];

    public static string PathOf(NetworkNamespace pod) => $"/var/run/netns/{pod.Namespace}";

    public static IPAddress Ipv4(int number) => IPAddress.Parse($"10.244.7.{9 + number}");

    public static IPAddress Ipv6(int number) => IPAddress.Parse($"fd00:10:244:7::{9 + number}");

    /// <summary>What ADD asks for: addresses .10, .11 and so on of both families.</summary>
    internal AttachmentRequest Request(int number, string interfaceName = "eth0") => new()
    {
        ContainerId = $"pod{number}",
        NetworkNamespacePath = PathOf(Pod(number)),
        InterfaceName = interfaceName,
        HostInterfaceName = $"ov{number}{interfaceName}",
        Bridge = new BridgeSettings { Name = "cni0" },
        Mtu = 1450,
        Addresses =
        [
            new(IpAddress.Parse($"10.244.7.{9 + number}"), 24, IpAddress.Parse("10.244.7.1")),
            new(IpAddress.Parse($"fd00:10:244:7::{9 + number}"), 64, IpAddress.Parse("fd00:10:244:7::1")),
        ],
        Routes =
            [new(IpPrefix.Parse("10.244.0.0/16"), null, 1400), new(IpPrefix.Parse("fd00:10:244::/56"), null, 1380)],
        SegmentLimit = 44,
    };

    internal Attachment Attach(AttachmentRequest request) => Host.Invoke(() => BridgeNetwork.Attach(request));

    internal void Detach(AttachmentRequest request) =>
        Host.Invoke(() => BridgeNetwork.Detach(request.HostInterfaceName));

    internal void Detach(AttachmentRequest request, string path) =>
        Host.Invoke(() => BridgeNetwork.Detach(
            path, request.InterfaceName, request.HostInterfaceName,
            () => [.. request.Addresses.Select(static address => address.Address)]));

    internal void Check(AttachmentRequest request) => Host.Invoke(() => BridgeNetwork.Check(request));

    /// <summary>What `ip` says inside.</summary>
    public static string Ip(NetworkNamespace inside, string line) =>
        inside.Run("ip", line.Split(' ')).EnsureSuccess().Output;

    public void Dispose() => _lab.Dispose();
}
