using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Overlay.Cni.Commands;

namespace Overlay.Cni.Tests;

public sealed class ConfigurationPropertyTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly string[] _keys =
    [
        "name", "cniVersion", "bridge", "mtu", "mac", "hairpinMode", "subnetFile", "adminSocket", "stateDirectory",
        "delegate", "dataDir", "ipam", "type", "ranges", "subnet", "rangeStart", "gateway", "routes", "dst",
        "runtimeConfig", "ips", "args", "cni", "dns", "nameservers",
    ];

    private static readonly string[] _values =
    [
        "null", "true", "-1", "1e400", "1450", "[]", "{}", "[[]]", "[[{}]]", "[{}]", "[null]", "\"\"", "\"a\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"1.1.0\"", "\"10.1.0.0/24\"", "\"::/0\"", "\"10.1.0.1\"",
        "[[{\"subnet\":\"::/0\"}]]", "[[{\"subnet\":\"0.0.0.0/0\"}]]", "\"/nonexistent\"", "[\"\\ud800\"]",
    ];

    [Fact]
    public void No_bytes_make_it_throw() => Check.One(_config, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Answers));

    [Fact]
    public void No_mixture_of_keys_and_values_makes_it_throw()
    {
        Gen<string> member = Gen.Elements(_keys)
            .SelectMany(static key => Gen.Elements(_values), static (key, value) => $"\"{key}\":{value}");
        Gen<string> nested = Gen.Elements("ipam", "delegate", "runtimeConfig", "args").SelectMany(
            _ => member.ArrayOf(), static (key, members) => $"\"{key}\":{{{string.Join(',', members)}}}");
        Gen<byte[]> whole = Gen.OneOf(member, nested).ArrayOf()
            .Select(
                static members =>
                    Encoding.UTF8.GetBytes(
                        $"{{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"subnetFile\":\"/nonexistent\"{string.Concat(members.Select(static text => "," + text))}}}"));
        Check.One(_config, Prop.ForAll(whole.ToArbitrary(), Answers));
    }

    // STATUS reads all that ADD reads, and changes nothing.
    private static void Answers(byte[] configuration)
    {
        using MemoryStream input = new(configuration);
        using MemoryStream output = new();
        new CniCall(static key => key == "CNI_COMMAND" ? "STATUS" : null, input, output).Run().ShouldBe(1);
        using JsonDocument error = JsonDocument.Parse(output.ToArray());
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNullOrEmpty();
    }
}
