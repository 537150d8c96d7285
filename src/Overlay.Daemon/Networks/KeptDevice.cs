using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The TUN that a run with <c>KeepAtStop</c> leaves to the next one, by name, index and boot: no other device of that
/// name is taken.
/// </summary>
internal sealed partial class KeptDevice(string stateDirectory, ILogger logger)
{
    private readonly StateFile<Entry> _file = new(
        Path.Combine(stateDirectory, "kept-device.json"), KeptJson.Default.Entry,
        "A device that an earlier run has left is not taken over", logger);

    /// <summary>The device of the record, where it is there still; null where there is none.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public LinkInfo? Find(RouteNetlink netlink) =>
        _file.Load() is { } entry && Sysctl.BootId is { } boot && entry.BootId == boot
        && netlink.FindLink(entry.Name) is { Kind: "tun" } link && link.Index == entry.Index
            ? link
            : null;

    public void Save(LinkInfo device) => _file.Save(new Entry(device.Name, device.Index, Sysctl.BootId ?? ""));

    public void Delete() => _file.Delete();

    // The kernel gives indices anew after a boot.
    private sealed record Entry(string Name, int Index, string BootId);

    [JsonSerializable(typeof(Entry))]
    private sealed partial class KeptJson : JsonSerializerContext;
}
