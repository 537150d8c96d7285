using System.Net;

namespace Overlay.Lab.Topology;

/// <summary>Every address of a lab, from the node's number (1, 2, …) and the pod's (1, 2, …).</summary>
public static class LabAddresses
{
    public static IPNetwork ClusterV4 { get; } = IPNetwork.Parse("10.244.0.0/16");

    public static IPNetwork ClusterV6 { get; } = IPNetwork.Parse("fd00:10:244::/56");

    public static IPNetwork ServiceCidr { get; } = IPNetwork.Parse("10.96.0.0/12");

    public const int UnderlayLengthV4 = 24;

    public const int UnderlayLengthV6 = 64;

    /// <summary>The switch itself: the nodes' default gateway, and the tests' "rest of the world".</summary>
    public static IPAddress OutsideV4 { get; } = IPAddress.Parse("192.168.77.254");

    public static IPAddress OutsideV6 { get; } = IPAddress.Parse("fd77::ffff");

    public static IPAddress UnderlayV4(int node) => IPAddress.Parse($"192.168.77.{node}");

    public static IPAddress UnderlayV6(int node) => IPAddress.Parse($"fd77::{node}");

    public static IPNetwork PodCidrV4(int node) => IPNetwork.Parse($"10.244.{node}.0/24");

    public static IPNetwork PodCidrV6(int node) => IPNetwork.Parse($"fd00:10:244:{node}::/64");

    public static IPAddress GatewayV4(int node) => IPAddress.Parse($"10.244.{node}.1");

    public static IPAddress GatewayV6(int node) => IPAddress.Parse($"fd00:10:244:{node}::1");

    public static IPAddress PodV4(int node, int pod) => IPAddress.Parse($"10.244.{node}.{pod + 1}");

    public static IPAddress PodV6(int node, int pod) => IPAddress.Parse($"fd00:10:244:{node}::{pod + 1}");

    // A bridge otherwise takes the lowest MAC of its ports, and changes it as pods come and go.
    public static string GatewayMac(int node) => $"0a:58:0a:f4:{node:x2}:01";

    public static string VtepMac(int node) => $"02:00:00:00:04:{node:x2}";

    public static string VtepMacV6(int node) => $"02:00:00:00:06:{node:x2}";
}
