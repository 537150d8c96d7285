using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The blackholes that a crash may leave, by the device they belong to: <c>{"overlay.1":["10.244.0.0/16",…]}</c>.
/// </summary>
/// <remarks>The kernel drops all else with the device. By itself a blackhole does not tell whose it is.</remarks>
internal sealed partial class BlackholeRecord(string stateDirectory, ILogger logger)
{
    private readonly StateFile<Dictionary<string, string[]>> _file = new(
        Path.Combine(stateDirectory, "blackholes.json"), Json.Default.DictionaryStringStringArray,
        "Blackholes that a crash left may stay", logger);

    /// <summary>The blackholes recorded last; none where that makes no sense.</summary>
    public Dictionary<string, List<IpPrefix>> Load()
    {
        Dictionary<string, List<IpPrefix>> recorded = new(StringComparer.Ordinal);
        foreach ((string device, string[] texts) in _file.Load() ?? [])
        {
            recorded[device] = [];
            foreach (string text in texts)
            {
                if (IpPrefix.TryParse(text, out IpPrefix prefix)) recorded[device].Add(prefix);
            }
        }

        return recorded;
    }

    /// <summary>Replaces what is recorded; without any blackhole there is no file.</summary>
    public void Save(Dictionary<string, List<IpPrefix>> blackholes)
    {
        if (blackholes.Count == 0) _file.Delete();
        else
        {
            _ = _file.Save(blackholes.ToDictionary(
                static entry => entry.Key,
                static entry => entry.Value.Select(static prefix => prefix.ToString()).ToArray()));
        }
    }

    [JsonSerializable(typeof(Dictionary<string, string[]>))]
    private sealed partial class Json : JsonSerializerContext;
}
