using System.Diagnostics;
using System.Text.Json;

namespace Overlay.Cni.Tests;

/// <summary>What runtimes ask of the executable, with a pod's network namespace.</summary>
public sealed class RuntimeTests : IDisposable
{
    private const string Second = """[{"subnet":"10.50.0.0/24"}]""";

    private readonly WiredNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void A_second_interface_by_Multus_leaves_the_first_as_it_is_and_goes_alone()
    {
        string first = _node.Configuration();
        string second = _node.Configuration("\"bridge\":\"br1\",\"isDefaultGateway\":false,", "second", Second);
        _node.Add(first);
        string before = Routes("-4") + Routes("-6");
        JsonElement result = _node.Add(second, name: "net1");
        WiredNode.Addresses(result).ShouldBe(["10.50.0.2"]);
        result.TryGetProperty("routes", out _).ShouldBeFalse();
        Routes("-4", "dev", "eth0").ShouldContain("default via 10.244.0.1");
        Routes("-4").ShouldNotContain("default via 10.50");
        _node.PodAddresses().ShouldBe(["10.244.0.2", "fd00:10:244:7::2", "10.50.0.2"], ignoreOrder: true);

        // Nor does it bring a default route where there is none.
        _node.Add(second, 2, "net1");
        BridgeLab.Ip(_node.Lab.Pod(2), "route show")
            .ShouldBe("10.50.0.0/24 dev net1 proto kernel scope link src 10.50.0.3 \n");
        _node.Call("DEL", second, 2, "net1").ShouldBe((0, ""));
        _node.Call("DEL", second, name: "net1").ShouldBe((0, ""));
        (Routes("-4") + Routes("-6")).ShouldBe(before);
        _node.PodAddresses().ShouldBe(["10.244.0.2", "fd00:10:244:7::2"], ignoreOrder: true);
        _node.Directory.Allocations("second").ShouldBeEmpty();
        _node.Lab.Host.Ping(System.Net.IPAddress.Parse("10.244.0.2"), 1).Succeeded.ShouldBeTrue();
    }

    [Fact]
    public void A_default_route_that_another_interface_has_is_not_in_the_result()
    {
        _node.Add(_node.Configuration());
        string second = _node.Configuration("\"bridge\":\"br1\",", "second", Second);
        JsonElement result = _node.Add(second, name: "net1");
        result.TryGetProperty("routes", out _).ShouldBeFalse();
        string check =
            _node.Configuration($"\"bridge\":\"br1\",\"prevResult\":{result.GetRawText()},", "second", Second);
        _node.Call("CHECK", check, name: "net1").ShouldBe((0, ""));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_pod_has_the_families_of_its_ranges_and_no_other(bool hasIpv4, bool hasIpv6)
    {
        // Detection of duplicates would hold an address back; here nothing turns it off beforehand.
        foreach (string scope in new[] { "all", "default" })
            _node.Lab.Pod(1).Set($"net/ipv6/conf/{scope}/accept_dad", scope == "all" ? "0" : "1");
        List<string> ranges = [];
        if (hasIpv4) ranges.Add(WiredNode.Ipv4Range);
        if (hasIpv6) ranges.Add(WiredNode.Ipv6Range);
        JsonElement result = _node.Add(_node.Configuration(ranges: string.Join(',', ranges)));

        // The kernel's own link-local address is tentative for a moment in any case.
        if (hasIpv6) BridgeLab.Ip(_node.Lab.Pod(1), "-6 address show tentative scope global").ShouldBeEmpty();
        Family("-4", hasIpv4, "10.244.0.2", "10.244.0.1");
        Family("-6", hasIpv6, "fd00:10:244:7::2", "fd00:10:244:7::1");
        result.GetProperty("routes").GetArrayLength().ShouldBe(ranges.Count);
        _node.Lab.Host.Get("net/ipv4/ip_forward").ShouldBe(hasIpv4 ? "1" : "0");
        _node.Lab.Host.Get("net/ipv6/conf/all/forwarding").ShouldBe(hasIpv6 ? "1" : "0");
        if (!hasIpv4) BridgeLab.Ip(_node.Lab.Host, "-4 address show cni0").ShouldBeEmpty();

        void Family(string family, bool isThere, string address, string gateway)
        {
            WiredNode.Addresses(result).Contains(address).ShouldBe(isThere);
            Routes(family).Contains($"default via {gateway} dev eth0", StringComparison.Ordinal).ShouldBe(isThere);
            if (isThere) _node.Lab.Pod(1).Ping(System.Net.IPAddress.Parse(gateway), 1).Succeeded.ShouldBeTrue();
            else BridgeLab.Ip(_node.Lab.Pod(1), $"{family} address show dev eth0 scope global").ShouldBeEmpty();
        }
    }

    [Fact]
    public void GC_takes_what_is_not_listed_of_its_own_network_also_where_the_namespace_is_gone()
    {
        string second = _node.Configuration("\"bridge\":\"br1\",\"isDefaultGateway\":false,", "second", Second);
        string first = _node.Configuration();
        _node.Add(first);
        _node.Add(first, 2);
        _node.Add(second, 2, "net1");
        using (Process pod = Process.Start(
            new ProcessStartInfo("unshare", ["--net", "sleep", "60"]) { RedirectStandardInput = true })!)
        {
            string path = $"/proc/{pod.Id}/ns/net";
            string own = Identity("/proc/self/ns/net");
            SpinWait.SpinUntil(() => Identity(path) != own, TimeSpan.FromSeconds(20)).ShouldBeTrue();
            _node.Add(first, 3, path: path);
            pod.Kill();
            pod.WaitForExit();
        }

        _node.Call("GC", _node.Configuration(
            "\"cni.dev/valid-attachments\":[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}],")).ShouldBe((0, ""));
        _node.PodAddresses().ShouldBe(["10.244.0.2", "fd00:10:244:7::2", "10.50.0.2"], ignoreOrder: true);
        _node.Directory.Allocations("net").Keys.ShouldBe(["10.244.0.2", "fd00:10:244:7::2"], ignoreOrder: true);
        _node.Directory.Allocations("second").Keys.ShouldBe(["10.50.0.2"]);
        _node.Directory.RecordFiles().ShouldBe(["net:c1:eth0.json", "second:c2:net1.json"], ignoreOrder: true);

        static string Identity(string path) => new FileInfo(path).LinkTarget ?? "";
    }

    [Fact]
    public void DEL_without_a_namespace_finds_the_pair_by_itself()
    {
        string configuration = _node.Configuration();
        _node.Add(configuration);
        _node.Call("DEL", configuration, path: "").ShouldBe((0, ""));
        _node.Left().ShouldBeEmpty();
        _node.Call("DEL", configuration, path: "").ShouldBe((0, ""));
    }

    [Fact]
    public void The_bridge_follows_the_smallest_MTU_of_its_pods()
    {
        string subnetFile = File.ReadAllText(_node.Directory.SubnetFile);
        string configuration = $$"""{ {{_node.Directory.Keys}}"cniVersion":"1.1.0","name":"net","type":"overlay","ipam":{"dataDir":"{{_node.Directory.Path}}"} }""";
        foreach ((int pod, int mtu, int bridge) in new[] { (1, 1450, 1450), (2, 8950, 1450), (3, 1300, 1300) })
        {
            File.WriteAllText(
                _node.Directory.SubnetFile, subnetFile.Replace("1450", $"{mtu}", StringComparison.Ordinal));
            _node.Add(configuration, pod);
            BridgeLab.Ip(_node.Lab.Pod(pod), "link show eth0").ShouldContain($"mtu {mtu} ");
            BridgeLab.Ip(_node.Lab.Host, "link show cni0").ShouldContain($"mtu {bridge} ");
        }

        foreach (int pod in new[] { 1, 3 }) _node.Call("DEL", configuration, pod).ShouldBe((0, ""));
        BridgeLab.Ip(_node.Lab.Host, "link show cni0").ShouldContain("mtu 8950 ");
    }

    [Fact]
    public void Without_the_capability_the_error_says_what_is_needed_and_nothing_stays()
    {
        (string Key, string Value)[] variables = _node.Variables("ADD", 1, "eth0", null);
        using Process process = _node.Lab.Host.Invoke(() =>
            Plugin.Start("setpriv", ["--bounding-set=-net_admin", Plugin.Path], _node.Configuration(), variables));
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        output.ShouldContain("\"code\":101");
        output.ShouldContain("CAP_NET_ADMIN");
        _node.Left().ShouldBeEmpty();
    }

    private string Routes(params string[] line) =>
        _node.Lab.Pod(1).Run("ip", [line[0], "route", "show", .. line[1..]]).EnsureSuccess().Output;
}
