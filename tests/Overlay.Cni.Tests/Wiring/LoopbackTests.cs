using System.Text.Json;

namespace Overlay.Cni.Tests;

/// <summary>The executable as the plugin <c>loopback</c>, which containerd calls for every pod.</summary>
public sealed class LoopbackTests(WiredNode node) : IClassFixture<WiredNode>
{
    private const string Configuration = """{"cniVersion":"0.3.1","name":"cni-loopback","type":"loopback"}""";

    [Theory]
    [InlineData("0.1.0")]
    [InlineData("0.3.1")]
    [InlineData("1.1.0")]
    public void ADD_brings_lo_up_and_names_its_addresses(string version)
    {
        node.Lab.Pod(1).Ip("link set lo down");
        JsonElement result =
            node.Add(Configuration.Replace("0.3.1", version, StringComparison.Ordinal), name: "lo");
        BridgeLab.Ip(node.Lab.Pod(1), "link show lo").ShouldContain("LOOPBACK,UP");
        result.GetProperty("cniVersion").GetString().ShouldBe(version);
        if (version == "0.1.0")
        {
            result.GetProperty("ip4").GetProperty("ip").GetString().ShouldBe("127.0.0.1/8");
            return;
        }

        WiredNode.Addresses(result).ShouldBe(["127.0.0.1", "::1"], ignoreOrder: true);
        JsonElement link = result.GetProperty("interfaces").EnumerateArray().ShouldHaveSingleItem();
        link.GetProperty("name").GetString().ShouldBe("lo");
        link.GetProperty("sandbox").GetString().ShouldBe(BridgeLab.PathOf(node.Lab.Pod(1)));
    }

    [Fact]
    public void A_type_is_read_as_JSON_however_it_is_spelled()
    {
        string escaped = Configuration.Replace("\"loopback\"", "\"loop\\u0062ack\"", StringComparison.Ordinal);
        WiredNode.Addresses(node.Add(escaped, 4, "lo")).ShouldBe(["127.0.0.1", "::1"], ignoreOrder: true);
        string half = Configuration.Replace("\"loopback\"", "\"\\ud800\\ud800\"", StringComparison.Ordinal);
        node.Call("ADD", half, 4, "lo").Output.ShouldContain("type: ");
    }

    [Fact]
    public void ADD_passes_on_what_plugins_before_it_have_made()
    {
        const string previous = """{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.2/24"}],"dns":{},"of":"another"}""";
        JsonElement result = node.Add(
            $$"""{"cniVersion":"1.0.0","name":"cni-loopback","type":"loopback","prevResult":{{previous}}}""", 2, "lo");
        result.GetRawText().ShouldBe(previous);
    }

    [Fact]
    public void CHECK_finds_lo_down_and_DEL_leaves_a_namespace_that_may_be_anothers()
    {
        string check = Configuration.Replace("0.3.1", "1.0.0", StringComparison.Ordinal);
        node.Add(Configuration, 3, "lo");
        node.Call("CHECK", check, 3, "lo").ShouldBe((0, ""));
        node.Call("DEL", Configuration, 3, "lo").ShouldBe((0, ""));
        node.Call("DEL", Configuration, 3, "lo", "/run/netns/overlay-test-none").ShouldBe((0, ""));
        node.Call("CHECK", check, 3, "lo").ShouldBe((0, ""));
        node.Lab.Pod(3).Ip("link set lo down");
        node.Call("CHECK", check, 3, "lo").Output.ShouldContain("\"code\":102");
    }

    [Theory]
    [InlineData("STATUS")]
    [InlineData("GC")]
    public void STATUS_and_GC_have_nothing_to_find(string command) =>
        node.Call(command, Configuration.Replace("0.3.1", "1.1.0", StringComparison.Ordinal), name: "lo")
            .ShouldBe((0, ""));
}
