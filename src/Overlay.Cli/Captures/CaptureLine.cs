using System.Globalization;
using Overlay.Wire.Captures;

namespace Overlay.Cli.Captures;

/// <summary>A packet's line on the terminal: time, way, its end or its place, flow, bytes.</summary>
internal static class CaptureLine
{
    private const string Separator = "  ";

    /// <param name="time">The moment of the capture, UTC.</param>
    /// <param name="way">Received or sent.</param>
    /// <param name="what">The packet's end as the daemon says it, or the interface and the outer packet.</param>
    /// <param name="flow">The inner flow.</param>
    /// <param name="length">Bytes of the inner packet.</param>
    public static string Of(DateTime time, PacketWay way, string what, string flow, int length) => string.Join(
        Separator,
        time.ToLocalTime().ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        way switch
        {
            PacketWay.In => "in ",
            PacketWay.Out => "out",
            _ => "-  ",
        },
        what, flow, string.Create(CultureInfo.InvariantCulture, $"{length} bytes"));
}
