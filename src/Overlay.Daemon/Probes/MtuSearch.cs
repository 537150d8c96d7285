namespace Overlay.Daemon.Probes;

/// <summary>Finds the largest packet that comes back, in a few rounds of several sizes each.</summary>
/// <remarks>
/// Each round costs the wait for packets that never come, so eight sizes at once are asked for: 1280 to 1450 takes
/// three rounds, to 8950 five, where halving takes eight and thirteen.
/// </remarks>
internal static class MtuSearch
{
    private const int SizesOfARound = 8;

    /// <summary>The smallest size that is looked for: the least that IPv6 may have.</summary>
    public const int Smallest = 1280;

    /// <summary>The largest size from smallest to largest that comes back; null where the smallest does not.</summary>
    /// <param name="largest">Bytes that the device takes.</param>
    /// <param name="probe">Probes sizes, which ascend, and returns the largest that came back; null for none.</param>
    public static async Task<int?> FindAsync(int largest, Func<IReadOnlyList<int>, Task<int?>> probe)
    {
        int smallest = Math.Min(Smallest, largest);
        IReadOnlyList<int> sizes = Between(smallest, largest);
        if (await probe(sizes) is not { } found) return null;
        while (sizes.FirstOrDefault(size => size > found) is var lost and > 0 && lost - found > 1)
        {
            // The lost size stays as the upper end, so that chance loss of it is seen.
            sizes = Between(found + 1, lost);
            if (await probe(sizes) is not { } next) break;
            found = next;
        }

        return found;
    }

    /// <summary>Sizes that are spread evenly, with both ends among them.</summary>
    public static IReadOnlyList<int> Between(int low, int high) =>
    [
        .. Enumerable.Range(0, SizesOfARound)
            .Select(i => low + (int)((long)(high - low) * i / (SizesOfARound - 1))).Distinct(),
    ];
}
