namespace Overlay.Daemon.Tiers;

/// <summary>The directory in which programs and maps outlive the daemon.</summary>
internal static class PinPlace
{
    /// <summary>
    /// A directory for one network below the first of those that is in a bpffs (bpf(2), "Pinning"); null, and why, where none
    /// is, or this process may not write there. The one that an earlier run has made comes first.
    /// </summary>
    public static string? Make(IReadOnlyList<string> directories, uint vni, out string reason)
    {
        reason = "";
        if (Find(directories, vni) is { } known) return known;
        try
        {
            if (directories.FirstOrDefault(IsBpffs) is not { } directory)
            {
                reason = $"{string.Join(" and ", directories)}: no bpffs, so the eBPF tier ends with the daemon; mount -t bpf bpf "
                    + Path.GetDirectoryName(directories[^1]);
                return null;
            }

            // Links and maps there change what the kernel forwards.
            string place = PlaceOf(directory, vni);
            _ = Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return place;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reason = $"the eBPF tier ends with the daemon: {exception.Message}";
            return null;
        }
    }

    /// <summary>The directory that an earlier run has made; null where there is none.</summary>
    public static string? Find(IReadOnlyList<string> directories, uint vni) =>
        directories.Select(directory => PlaceOf(directory, vni)).FirstOrDefault(
            static place => Directory.Exists(place) && IsBpffs(place));

    private static string PlaceOf(string directory, uint vni) => Path.Combine(directory, $"{vni}");

    private static bool IsBpffs(string directory)
    {
        for (string? there = Path.GetFullPath(directory); there is not null; there = Path.GetDirectoryName(there))
        {
            if (Directory.Exists(there)) return new DriveInfo(there).DriveFormat is "bpf" or "bpf_fs";
        }

        return false;
    }
}
