using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// Pods whose interfaces take more than the tunnel does: the largest packet passes, a larger one is told.
/// </summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public class MtuTests
{
    private const int PodMtu = 1500;
    private const int IcmpHeader = 8;

    [Theory]
    [InlineData(AddressFamilies.V4, 1450, 1450)]
    [InlineData(AddressFamilies.V6, 1430, 1430)]
    [InlineData(AddressFamilies.Dual, 1450, 1430)]
    public void The_largest_packet_passes_whole_and_a_larger_one_learns_the_path_mtu(
        AddressFamilies underlay, int mtu, int mtuV6)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "mtu", Underlay = underlay, PodMtu = PodMtu });
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
        {
            CheckPings(from, to.AddressV4!, mtu);
            CheckPings(from, to.AddressV6!, mtuV6);
            CheckTcp(from, to, to.AddressV4!, mtu);
            CheckTcp(from, to, to.AddressV6!, mtuV6);
        }

        foreach (Node node in cluster.Lab.Nodes)
        {
            FragmentsMade(node).ShouldBe(0, $"node {node.Name} has sent fragments");

            // What the daemon tells the CNI plugin has to fit both families.
            Cluster.Report(node, "status").GetProperty("mtu").GetInt32().ShouldBe(Math.Min(mtu, mtuV6));

            // The lab's bridges have the pods' MTU of 1500.
            CheckWarning(node, $"cni0 has MTU {PodMtu}, and the overlay carries packets of {Math.Min(mtu, mtuV6)} bytes");
        }
    }

    private static void CheckWarning(Node node, string text)
    {
        node.Overlayctl("status").EnsureSuccess().Output.ShouldContain(text);
        node.Ip($"link set dev cni0 mtu {Cluster.Report(node, "status").GetProperty("mtu").GetInt32()}");
        Waiting.For(() => !node.Overlayctl("status").EnsureSuccess().Output.Contains(text, StringComparison.Ordinal),
            static () => "a warning about the bridge's MTU stays");
    }

    private static void CheckPings(Pod from, IPAddress target, int mtu)
    {
        PathMtu(from, target).ShouldBeNull();
        _ = Ping(from, target, mtu).EnsureSuccess();
        CommandResult tooBig = Ping(from, target, mtu + 1);
        tooBig.Succeeded.ShouldBeFalse($"{mtu + 1} bytes have passed: {tooBig}");
        tooBig.Output.ShouldContain(
            IsIpv4(target) ? $"Frag needed and DF set (mtu = {mtu})" : $"Packet too big: mtu={mtu}");
        PathMtu(from, target).ShouldBe(mtu);
        _ = Ping(from, target, mtu).EnsureSuccess();
    }

    private static void CheckTcp(Pod from, Pod to, IPAddress target, int mtu)
    {
        // What both ends have learned so far is forgotten: TCP meets the tunnel with segments for an MTU of 1500.
        foreach (Pod pod in new[] { from, to })
            _ = pod.Run("ip", Family(target), "route", "flush", "cache").EnsureSuccess();
        PathMtu(from, target).ShouldBeNull();
        TcpTransfer.Check(from, to, target, 1024 * 1024);
        PathMtu(from, target).ShouldBe(mtu, "TCP has passed without learning the path MTU");
    }

    private static CommandResult Ping(Pod from, IPAddress target, int packet)
    {
        int payload = packet - IcmpHeader - (IsIpv4(target) ? 20 : 40);
        return from.Ping(target, 2, "-M", "do", "-s", payload.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What the pod's kernel has learned of the path; null = nothing.</summary>
    private static int? PathMtu(Pod from, IPAddress target)
    {
        string[] words = from.Run("ip", Family(target), "route", "get", target.ToString())
            .EnsureSuccess().Output.Split([' ', '\n']);
        int at = Array.IndexOf(words, "mtu");
        return at < 0 ? null : int.Parse(words[at + 1], CultureInfo.InvariantCulture);
    }

    private static long FragmentsMade(Node node)
    {
        string json = node.Run("nstat", "-asz", "-j", "IpFragCreates", "Ip6FragCreates").EnsureSuccess().Output;
        return JsonDocument.Parse(json).RootElement.GetProperty("kernel")
            .EnumerateObject().Sum(counter => counter.Value.GetInt64());
    }

    private static bool IsIpv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static string Family(IPAddress address) => IsIpv4(address) ? "-4" : "-6";
}
