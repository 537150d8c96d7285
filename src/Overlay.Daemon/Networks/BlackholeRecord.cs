using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>The blackholes that a crash may leave, by the device they belong to: <c>{"overlay.1":["10.244.0.0/16",…]}</c>.</summary>
/// <remarks>The kernel drops all else with the device. By itself a blackhole does not tell whose it is.</remarks>
internal sealed partial class BlackholeRecord(string stateDirectory, ILogger logger)
{
    private readonly string _file = Path.Combine(stateDirectory, "blackholes.json");

    /// <summary>What was recorded last; nothing where that makes no sense.</summary>
    public Dictionary<string, List<IpPrefix>> Load()
    {
        Dictionary<string, List<IpPrefix>> recorded = new(StringComparer.Ordinal);
        try
        {
            foreach ((string device, string[] texts) in JsonSerializer.Deserialize(File.ReadAllBytes(_file), Json.Default.DictionaryStringStringArray) ?? [])
            {
                recorded[device] = [];
                foreach (string text in texts)
                {
                    if (IpPrefix.TryParse(text, out IpPrefix prefix)) recorded[device].Add(prefix);
                }
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            logger.LogDebug("no blackholes are recorded in {File}", _file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.LogWarning("{File} cannot be used: {Reason}. Blackholes that a crash left may stay", _file, exception.Message);
        }

        return recorded;
    }

    /// <summary>Replaces what is recorded. A disk that is full is no failure.</summary>
    public void Save(Dictionary<string, List<IpPrefix>> blackholes)
    {
        Dictionary<string, string[]> texts = blackholes.ToDictionary(
            static entry => entry.Key, static entry => entry.Value.Select(static prefix => prefix.ToString()).ToArray());
        try
        {
            if (texts.Count > 0) AtomicFile.Write(_file, JsonSerializer.SerializeToUtf8Bytes(texts, Json.Default.DictionaryStringStringArray));
            else File.Delete(_file);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException)
        {
            logger.LogDebug("no blackholes were recorded in {File}", _file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogError("{File} cannot be written: {Reason}. After a crash blackholes may stay", _file, exception.Message);
        }
    }

    [JsonSerializable(typeof(Dictionary<string, string[]>))]
    private sealed partial class Json : JsonSerializerContext;
}
