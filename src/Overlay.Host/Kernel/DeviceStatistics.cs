using System.Globalization;

namespace Overlay.Host.Kernel;

/// <summary>The kernel's counts of a network device, of the process's network namespace.</summary>
public static class DeviceStatistics
{
    // A device has one line: NAME: and 16 numbers, of which the last 8 are of transmission (net/core/net-procfs.c).
    private const string Devices = "/proc/net/dev";
    private const int TransmitDropped = 11;

    /// <summary>
    /// Packets that the device dropped instead of transmitting them: a TUN whose queue is full. Null where the kernel
    /// does not list the device.
    /// </summary>
    public static long? TransmitDrops(string device)
    {
        try
        {
            return TransmitDrops(device, File.ReadLines(Devices));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="device">Its name.</param>
    /// <param name="lines">As the kernel lists devices.</param>
    internal static long? TransmitDrops(string device, IEnumerable<string> lines)
    {
        string start = $"{device}:";
        foreach (string line in lines)
        {
            if (!line.AsSpan().TrimStart().StartsWith(start, StringComparison.Ordinal)) continue;
            string[] numbers = line[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return numbers.Length > TransmitDropped
                && long.TryParse(numbers[TransmitDropped], CultureInfo.InvariantCulture, out long drops)
                ? drops
                : null;
        }

        return null;
    }
}
