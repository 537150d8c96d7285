using System.Globalization;

namespace Overlay.Host.Kernel;

/// <summary>
/// How full the kernel's table of tracked connections is, of the calling thread's network namespace
/// (Documentation/networking/nf_conntrack-sysctl.rst).
/// </summary>
/// <param name="Used">Connections that are tracked.</param>
/// <param name="Most">Connections that fit.</param>
public readonly record struct ConnectionTable(long Used, long Most)
{
    // A table that is nearly full drops new connections of all pods within moments of a peak.
    private const double NearlyFull = 0.8;

    /// <summary>New connections will soon be dropped, or are.</summary>
    public bool IsNearlyFull => Used >= Most * NearlyFull;

    /// <summary>Both numbers; null where the kernel tracks nothing.</summary>
    public static ConnectionTable? Read() =>
        Number("net/netfilter/nf_conntrack_count") is { } used && Number("net/netfilter/nf_conntrack_max") is { } most
            ? new(used, most)
            : null;

    /// <summary>Both numbers as a sentence; with the mend where the table is nearly full.</summary>
    public override string ToString()
    {
        string state = string.Create(CultureInfo.InvariantCulture, $"{Used} of {Most} connections are tracked");
        return IsNearlyFull
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{state}: the kernel drops what is new when all are in use; sysctl -w net.netfilter.nf_conntrack_max={Most * 2}")
            : state;
    }

    private static long? Number(string parameter) =>
        long.TryParse(Sysctl.Get(parameter), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;
}
