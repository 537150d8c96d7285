namespace Overlay.Cli.Captures;

/// <summary>The packets that are wanted, where they are taken, and where they go.</summary>
/// <param name="Peer">A peer's name or underlay address; null for any.</param>
/// <param name="Pod">Source or destination of the inner packet; null for any.</param>
/// <param name="IsDropsOnly">Only packets that the daemon dropped.</param>
/// <param name="Interface">An interface of the host, or its part; null for the daemon's own tap.</param>
/// <param name="Count">Most packets; null for no limit.</param>
/// <param name="Seconds">The longest time; null for the daemon's limit, or none on an interface.</param>
/// <param name="Snap">Most bytes of each packet.</param>
/// <param name="File">Gets the packets as pcapng; <c>-</c> is standard output; null for lines on the terminal.</param>
internal sealed record CaptureOptions(
    string? Peer, string? Pod, bool IsDropsOnly, string? Interface, long? Count, int? Seconds, int Snap, string? File)
{
    /// <summary>Bytes that show addresses, ports and the begin of what programs say to each other.</summary>
    public const int DefaultSnap = 256;

    /// <summary>The interface that tunnels leave by, under whichever name.</summary>
    public const string Underlay = "underlay";

    /// <summary>The daemon's device, under whichever name.</summary>
    public const string Tun = "tun";

    /// <summary>The question to the daemon.</summary>
    public string Query => "capture?" + string.Join('&', new[]
    {
        Part("peer", Peer), Part("pod", Pod), IsDropsOnly ? "drops=true" : null, Part("count", Count),
        Part("seconds", Seconds), Part("snap", Snap),
    }.Where(static part => part is not null));

    private static string? Part(string name, object? value) => value is null
        ? null
        : $"{name}={Uri.EscapeDataString(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!)}";
}
