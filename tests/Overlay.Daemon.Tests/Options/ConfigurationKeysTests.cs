using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public class ConfigurationKeysTests
{
    public static TheoryData<string> Paths => [.. ConfigurationKeys.All.Select(static key => key.Path)];

    [Fact]
    public void The_list_has_every_key_once_with_all_that_the_documentation_shows()
    {
        ConfigurationKeys.All.Select(static key => key.Path).ShouldBeUnique();
        ConfigurationKeys.All.ShouldAllBe(
            static key => key.Type.Length > 0 && key.Example.Length > 0 && key.Meaning.EndsWith('.'));
        ConfigurationKeys.All.ShouldContain(new ConfigurationKey(
            "Overlay:Network:Vni", "whole number from 0 to 16777215", "1", "1",
            "VXLAN network identifier, the same on every node."));
        ConfigurationKeys.All.Single(static key => key.Path == "Overlay:NodeName").Default.ShouldBe("the host's name");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_example_of_a_key_is_a_value_that_the_reader_takes(string path)
    {
        ConfigurationKey key = ConfigurationKeys.All.Single(key => key.Path == path);
        Dictionary<string, string?> values = key.Example.StartsWith('[')
            ? JsonSerializer.Deserialize<string[]>(key.Example)!.Select((item, i) => (i, item))
                .ToDictionary(static pair => $"{pair.i}", static pair => (string?)pair.item)
            : new() { [""] = key.Example };
        ReadingState state = new();
        _ = OverlayOptionsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(
                value => $"{path}:{value.Key}".TrimEnd(':'), static value => value.Value)).Build(), state);
        state.Faults.ShouldAllBe(fault => !fault.StartsWith(path, StringComparison.Ordinal));
        state.Keys.ShouldBe(ConfigurationKeys.All);
    }
}
