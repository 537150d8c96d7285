using System.Text;
using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Wire.Values;

namespace Overlay.Cni.Tests;

public sealed class CniResultTests
{
    private static readonly CniResult _result = new()
    {
        Interfaces = [new("cni0", "0a:58:0a:f4:01:01", 0, ""), new("eth0", "0a:58:0a:f4:01:07", 1450, "/run/netns/a")],
        Addresses =
        [
            new(IpAddress.Parse("10.244.1.7"), 24, IpAddress.Parse("10.244.1.1"), 1),
            new(IpAddress.Parse("fd00::7"), 64, IpAddress.Parse("fd00::1"), 1),
        ],
        Routes =
            [new(IpPrefix.Parse("10.244.0.0/16"), null, 1450), new(IpPrefix.Parse("::/0"), IpAddress.Parse("fd00::1"))],
        Dns = new(["10.96.0.10"], "example.net", ["a.example.net"], ["ndots:5"]),
    };

    private const string Dns =
        "\"dns\":{\"nameservers\":[\"10.96.0.10\"],\"domain\":\"example.net\",\"search\":[\"a.example.net\"],\"options\":[\"ndots:5\"]}";
    private const string Families = """
        "ip4":{"ip":"10.244.1.7/24","gateway":"10.244.1.1","routes":[{"dst":"10.244.0.0/16"}]},"ip6":{"ip":"fd00::7/64","gateway":"fd00::1","routes":[{"dst":"::/0","gw":"fd00::1"}]}
        """;

    private const string Interfaces = """
        "interfaces":[{"name":"cni0","mac":"0a:58:0a:f4:01:01"},{"name":"eth0","mac":"0a:58:0a:f4:01:07","sandbox":"/run/netns/a"}]
        """;

    private const string VersionedLists = Interfaces + """
        ,"ips":[{"version":"4","interface":1,"address":"10.244.1.7/24","gateway":"10.244.1.1"},{"version":"6","interface":1,"address":"fd00::7/64","gateway":"fd00::1"}],"routes":[{"dst":"10.244.0.0/16"},{"dst":"::/0","gw":"fd00::1"}]
        """;

    private const string Lists = Interfaces + """
        ,"ips":[{"interface":1,"address":"10.244.1.7/24","gateway":"10.244.1.1"},{"interface":1,"address":"fd00::7/64","gateway":"fd00::1"}],"routes":[{"dst":"10.244.0.0/16"},{"dst":"::/0","gw":"fd00::1"}]
        """;

    private const string ListsWithMtu = """
        "interfaces":[{"name":"cni0","mac":"0a:58:0a:f4:01:01"},{"name":"eth0","mac":"0a:58:0a:f4:01:07","mtu":1450,"sandbox":"/run/netns/a"}],"ips":[{"interface":1,"address":"10.244.1.7/24","gateway":"10.244.1.1"},{"interface":1,"address":"fd00::7/64","gateway":"fd00::1"}],"routes":[{"dst":"10.244.0.0/16","mtu":1450},{"dst":"::/0","gw":"fd00::1"}]
        """;

    [Theory]
    [InlineData("0.1.0", Families)]
    [InlineData("0.2.0", Families)]
    [InlineData("0.3.0", VersionedLists)]
    [InlineData("0.3.1", VersionedLists)]
    [InlineData("0.4.0", VersionedLists)]
    [InlineData("1.0.0", Lists)]
    [InlineData("1.1.0", ListsWithMtu)]
    public void A_result_has_the_form_of_the_version_asked_for(string version, string body)
    {
        string written = Write(_result, version);
        written.ShouldBe($"{{\"cniVersion\":\"{version}\",{body},{Dns}}}");

        // And what was written is read back, up to what that version has no words for.
        using JsonDocument document = JsonDocument.Parse(written);
        CniResult read = CniResultReader.Read(document.RootElement, "");
        read.Addresses.Select(static address => address.Address)
            .ShouldBe(_result.Addresses.Select(static address => address.Address));
        Write(read, version).ShouldBe(written);
    }

    private static string Write(CniResult result, string version)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text)) CniResultWriter.Write(json, result, version);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
