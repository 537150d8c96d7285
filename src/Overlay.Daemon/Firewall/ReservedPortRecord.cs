using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Firewall;

/// <summary>That a port was reserved by this daemon, for the run behind a crash: <c>{"Port":8472,"Boot":"…"}</c>.</summary>
/// <remarks>
/// The kernel's list does not say who reserved what. What was reserved before the daemon came is never recorded, and with
/// the boot the list goes: a record of another is none. Where there is none, what is reserved stays so.
/// </remarks>
internal sealed partial class ReservedPortRecord(string stateDirectory, ILogger logger)
{
    private readonly string _file = Path.Combine(stateDirectory, "reserved-port.json");

    private static string Boot => Sysctl.Get("kernel/random/boot_id") ?? "";

    /// <summary>The port that is reserved since this boot; null where none is, or none is known.</summary>
    public ushort? Port => Read() is { } entry && entry.Boot == Boot ? entry.Port : null;

    public void Save(ushort port) => Change(() => AtomicFile.Write(_file, JsonSerializer.SerializeToUtf8Bytes(new Entry(port, Boot), RecordJson.Default.Entry)));

    public void Delete() => Change(() => File.Delete(_file));

    private Entry? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(_file), RecordJson.Default.Entry);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.LogWarning("{File} cannot be used: {Reason}. A port that a crash left reserved stays so", _file, exception.Message);
            return null;
        }
    }

    private void Change(Action change)
    {
        try
        {
            change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogError("{File} cannot be written: {Reason}. After a crash the port may stay reserved", _file, exception.Message);
        }
    }

    private sealed record Entry(ushort Port, string Boot);

    [JsonSerializable(typeof(Entry))]
    private sealed partial class RecordJson : JsonSerializerContext;
}
