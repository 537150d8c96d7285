using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// The note that this daemon reserved a port, for the run after a crash: <c>{"Port":8472,"Boot":"…"}</c>.
/// </summary>
/// <remarks>
/// The kernel's list does not show who reserved a port. A port that was reserved before the daemon came is never
/// recorded. The list ends with the boot, so a record of another boot does not count. Without a record a reserved port
/// stays so.
/// </remarks>
internal sealed partial class ReservedPortRecord(string stateDirectory, ILogger logger)
{
    private readonly StateFile<Entry> _file = new(
        Path.Combine(stateDirectory, "reserved-port.json"), RecordJson.Default.Entry,
        "a port that a crash left reserved stays so", logger);

    /// <summary>The port that was reserved since this boot; null where none was, or none is known.</summary>
    public ushort? Port => _file.Load() is { } entry && Sysctl.BootId is { } boot && entry.Boot == boot ? entry.Port : null;

    public void Save(ushort port) => _ = _file.Save(new Entry(port, Sysctl.BootId ?? ""));

    public void Delete() => _file.Delete();

    private sealed record Entry(ushort Port, string Boot);

    [JsonSerializable(typeof(Entry))]
    private sealed partial class RecordJson : JsonSerializerContext;
}
