using System.Text;
using System.Text.Json;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Tests;

/// <summary>Variables and stdin as container runtimes send them.</summary>
public sealed class FixtureTests
{
    public static TheoryData<string> Names() =>
        new(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fixtures"))
            .Select(static path => Path.GetFileNameWithoutExtension(path)));

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_runtime_sends_is_understood(string name)
    {
        using JsonDocument fixture = Load(name);
        Dictionary<string, string> variables = Variables(fixture);
        variables["CNI_COMMAND"] = "ADD";
        byte[] text = Encoding.UTF8.GetBytes(fixture.RootElement.GetProperty("stdin").GetRawText());
        using JsonDocument document = JsonDocument.Parse(text);
        NetworkConfiguration read = NetworkConfigurationReader.Read(
            document.RootElement, text, NetworkConfiguration.ReadVersion(document),
            CniEnvironment.Read(variables.GetValueOrDefault));

        JsonElement expected = fixture.RootElement.GetProperty("expect");
        read.Version.ShouldBe(expected.GetProperty("version").GetString());
        read.Name.ShouldBe(expected.GetProperty("name").GetString());
        read.Bridge.IsDefaultGateway.ShouldBe(expected.GetProperty("isDefaultGateway").GetBoolean());
        read.Bridge.HairpinMode.ShouldBe(expected.GetProperty("hairpinMode").GetBoolean());
        read.Ipam.Requested.Select(static address => address.ToString())
            .ShouldBe(expected.GetProperty("requested").EnumerateArray().Select(static item => item.GetString()!));
        read.Mac?.ToString().ShouldBe(expected.TryGetProperty("mac", out JsonElement mac) ? mac.GetString() : null);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void DEL_succeeds_where_nothing_is_left_and_also_without_a_namespace(string name)
    {
        using PluginDirectory directory = new();
        using JsonDocument fixture = Load(name);
        Dictionary<string, string> variables = Variables(fixture);
        variables["CNI_COMMAND"] = "DEL";
        string configuration = string.Concat(
            "{", directory.Keys, fixture.RootElement.GetProperty("stdin").GetRawText().AsSpan().Trim()[1..]);
        foreach (string path in new[] { variables["CNI_NETNS"], "" })
        {
            variables["CNI_NETNS"] = path;
            (int exitCode, string output) =
                Plugin.Run(configuration, [.. variables.Select(static pair => (pair.Key, pair.Value))]);
            output.ShouldBe("");
            exitCode.ShouldBe(0);
        }
    }

    private static JsonDocument Load(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", name + ".json")));

    private static Dictionary<string, string> Variables(JsonDocument fixture) =>
        fixture.RootElement.GetProperty("env")
            .EnumerateObject().ToDictionary(static item => item.Name, static item => item.Value.GetString()!);
}
