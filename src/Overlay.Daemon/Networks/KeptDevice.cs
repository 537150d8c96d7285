using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The TUN that a crash, or a stop with <c>KeepAtStop</c>, leaves to the next start: by the record in the state directory,
/// or by the alias that it has, where the record is lost. No other device of that name is taken.
/// </summary>
internal sealed partial class KeptDevice(string stateDirectory, ILogger logger)
{
    private readonly StateFile<Entry> _file = new(
        Path.Combine(stateDirectory, "kept-device.json"), KeptJson.Default.Entry,
        "A device that an earlier run has left is not taken over", logger);

    // ip-link(8) shows it. Two daemons never have devices of one name.
    private const string Alias = "overlayd";

    /// <summary>
    /// The device that an earlier run has left, of that name or another, and that no process has open; null where there is
    /// none.
    /// </summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public LinkInfo? Find(RouteNetlink netlink, string name) =>
        Recorded(netlink) is { HasCarrier: false } recorded
            ? recorded
            : netlink.FindLink(name) is { Kind: "tun", HasCarrier: false } link && link.Alias == Alias ? link : null;

    /// <summary>Notes the device for a later run.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public void Save(RouteNetlink netlink, LinkInfo device)
    {
        netlink.SetAlias(device, Alias);
        _file.Save(new Entry(device.Name, device.Index, Sysctl.BootId ?? ""));
    }

    public void Delete() => _file.Delete();

    private LinkInfo? Recorded(RouteNetlink netlink) =>
        _file.Load() is { } entry && Sysctl.BootId is { } boot && entry.BootId == boot
        && netlink.FindLink(entry.Name) is { Kind: "tun" } link && link.Index == entry.Index
            ? link
            : null;

    // The kernel gives indices anew after a boot.
    private sealed record Entry(string Name, int Index, string BootId);

    [JsonSerializable(typeof(Entry))]
    private sealed partial class KeptJson : JsonSerializerContext;
}
