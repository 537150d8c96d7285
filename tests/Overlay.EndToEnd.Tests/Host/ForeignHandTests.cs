using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>
/// Another program changes this host's routing under the running daemon: status says it, with the mend.
/// </summary>
public sealed class ForeignHandTests : IDisposable
{
    private readonly Cluster _cluster = Cluster.Start(new LabOptions { Name = "hand" });

    private Node A => _cluster["a"];

    private Pod Pod => A.Pods[0];

    private Pod Remote => _cluster["b"].Pods[0];

    public void Dispose() => _cluster.Dispose();

    [Theory]
    [InlineData("", "10.244.0.0/16")]
    [InlineData("-6", "fd00:10:244::/56")]
    public void A_policy_rule_that_takes_pods_packets_away_is_a_problem_with_its_mend(string family, string cluster)
    {
        System.Net.IPAddress target = family.Length == 0 ? Remote.AddressV4! : Remote.AddressV6!;
        Pod.WaitForPing(target);
        foreach (string change in new[] { "route add default dev cni0 table 300", "rule add pref 5270 lookup 300" })
            A.Run("ip", $"{family} {change}".Split(' ', StringSplitOptions.RemoveEmptyEntries)).EnsureSuccess();
        string problem = WaitForText("problems", $"takes packets for {cluster}");
        problem.ShouldContain("policy rule 5270 asks table 300 before main");
        Pod.Ping(target, 1, "-W", "1").Succeeded.ShouldBeFalse("else nothing is taken away");

        Mend(problem);
        Mend(WaitForText("warnings", "takes the tunnels away from eth0"));
        Pod.WaitForPing(target);
        Waiting.For(() => Texts("problems").Length == 0 && Texts("warnings").Length == 0);
        Waiting.For(() => Cluster.Report(A, "status").GetProperty("state").GetString() == "forwarding");
    }

    [Fact]
    public void A_policy_rule_that_takes_tunnels_away_is_a_warning_with_its_mend()
    {
        A.Ip("link add other type bridge", "link set other up", "route add 192.168.77.0/24 dev other table 301",
            "rule add pref 5271 lookup 301");
        string warning = WaitForText("warnings", "takes the tunnels away from eth0");
        Mend(warning);
        Pod.WaitForPing(Remote.AddressV4!);
        Waiting.For(() => !Texts("warnings").Contains(warning));
    }

    [Fact]
    public void Address_and_route_that_a_dhcp_client_gives_to_the_overlays_device_are_problems_with_their_mends()
    {
        A.Ip("address add 10.9.9.9/24 dev overlay.1", "route add default dev overlay.1 metric 50");
        string address = WaitForText("problems", "overlay.1 has the address 10.9.9.9/24 from another program");
        string route = WaitForText("problems", "overlay.1 has the route default from another program");
        Mend(address);
        Mend(route);
        Waiting.For(() => Texts("problems").Length == 0);
        A.Run("ip", "route", "show", "dev", "overlay.1").Output.ShouldNotContain("default");
        Pod.WaitForPing(Remote.AddressV4!);
    }

    private string WaitForText(string list, string part)
    {
        Waiting.For(() => Texts(list).Any(text => text.Contains(part, StringComparison.Ordinal)));
        return Texts(list).First(text => text.Contains(part, StringComparison.Ordinal));
    }

    private string[] Texts(string list) => Cluster.Texts(A, list);

    // The command is the sentence's end.
    private void Mend(string problem) =>
        A.Run("sh", "-c", problem[problem.LastIndexOf("ip ", StringComparison.Ordinal)..]).EnsureSuccess();
}
