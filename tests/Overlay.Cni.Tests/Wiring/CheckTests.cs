using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Lab.Namespaces;

namespace Overlay.Cni.Tests;

/// <summary>CHECK by the executable, after something has been changed behind its back.</summary>
public sealed class CheckTests(WiredNode node) : IClassFixture<WiredNode>, IDisposable
{
    private const string Ranges =
        $"{WiredNode.Ipv4Range},{WiredNode.Ipv6Range}],\"routes\":[{{\"dst\":\"10.96.0.0/12\"}}";

    private readonly string _host = HostInterface.NameOf("net", "c1", "eth0");
    private readonly string _configuration = node.Configuration(ranges: Ranges);

    [Theory]
    [InlineData(false, "route replace default via 10.244.0.9",
        "route to 0.0.0.0/0 leads to gateway 10.244.0.9, not to gateway 10.244.0.1")]
    [InlineData(false, "-6 route replace default via fd00:10:244:7::9 metric 1024",
        "route to ::/0 leads to gateway fd00:10:244:7::9")]
    [InlineData(false, "route replace default dev lo", "route to 0.0.0.0/0 does not lead by eth0")]
    [InlineData(false, "route replace 10.96.0.0/12 dev eth0",
        "route to 10.96.0.0/12 leads to the link, not to gateway 10.244.0.1")]
    [InlineData(false, "-6 route delete default", "lost its route to ::/0")]
    [InlineData(false, "link set eth0 down", "is down")]
    [InlineData(false, "address delete ADDRESS dev eth0", "eth0 has lost its address ADDRESS")]
    [InlineData(true, "link set HOST type bridge_slave hairpin off", "hairpin mode of HOST is off")]
    [InlineData(true, "link set HOST nomaster", "HOST is no port of cni0")]
    [InlineData(true, "link set HOST down", "HOST is down")]
    [InlineData(
        true, "address delete fd00:10:244:7::1/64 dev cni0", "cni0 has lost the gateway's address fd00:10:244:7::1/64")]
    public void CHECK_compares_with_the_result_of_ADD(bool onHost, string change, string message)
    {
        JsonElement result = node.Add(_configuration);
        string check = node.Configuration($"\"prevResult\":{result.GetRawText()},", ranges: Ranges);
        node.Call("CHECK", check).ShouldBe((0, ""));

        // The node has had other pods before.
        string address = WiredNode.Addresses(result).First() + "/16";
        string Named(string text) =>
            text.Replace("HOST", _host, StringComparison.Ordinal).Replace("ADDRESS", address, StringComparison.Ordinal);
        (onHost ? (NetworkNamespace)node.Lab.Host : node.Lab.Pod(1))
            .Run("ip", Named(change).Split(' ')).EnsureSuccess();
        (int exitCode, string output) = node.Call("CHECK", check);
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":102");
        output.ShouldContain(Named(message));
    }

    public void Dispose()
    {
        node.Call("DEL", _configuration);
        node.Lab.Pod(1).Ip("route flush dev lo");
    }
}
