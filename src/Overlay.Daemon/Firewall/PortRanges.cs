namespace Overlay.Daemon.Firewall;

/// <summary>
/// Ports as <c>ip_local_reserved_ports</c> lists them: <c>8080,9000-9100</c>, neighbours joined by the kernel.
/// </summary>
internal static class PortRanges
{
    public static bool Contains(string ports, ushort port) =>
        Parse(ports).Any(range => range.First <= port && port <= range.Last);

    /// <summary>The list with the port in it.</summary>
    public static string With(string ports, ushort port) => ports.Length == 0 ? $"{port}" : $"{ports},{port}";

    /// <summary>The list without the port, and with its neighbours.</summary>
    public static string Without(string ports, ushort port) => string.Join(',', Parse(ports)
        .SelectMany(range => range.First <= port
            && port <= range.Last ? new[] { (range.First, port - 1), (port + 1, range.Last) } : [range])
        .Where(static range => range.Item1 <= range.Item2)
        .Select(static range => range.Item1 == range.Item2 ? $"{range.Item1}" : $"{range.Item1}-{range.Item2}"));

    private static IEnumerable<(int First, int Last)> Parse(string ports) =>
        ports.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(static part => part.Split('-'))
        .Select(static ends => (int.Parse(ends[0]), int.Parse(ends[^1])));
}
