namespace Overlay.Daemon.Tiers;

/// <summary>The directory in which programs and maps outlive the daemon.</summary>
internal static class PinPlace
{
    /// <summary>
    /// A directory for one network below the first of those that is in a bpffs (bpf(2), "Pinning") and that this process may
    /// write; null, and why, where none is. The one that an earlier run has made comes first.
    /// </summary>
    public static string? Make(IReadOnlyList<string> directories, uint vni, out string reason)
    {
        reason = $"{string.Join(" and ", directories)}: no bpffs, so the eBPF tier ends with the daemon; mount -t bpf bpf "
            + Path.GetDirectoryName(directories[^1]);
        foreach (string place in Find(directories, vni).Concat(directories.Where(IsBpffs).Select(d => PlaceOf(d, vni))))
        {
            try
            {
                // Links and maps there change what the kernel forwards.
                _ = Directory.CreateDirectory(
                    place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                reason = "";
                return place;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                reason = $"the eBPF tier ends with the daemon: {exception.Message}";
            }
        }

        return null;
    }

    /// <summary>The directories that earlier runs have made, as far as this process can see them.</summary>
    public static IEnumerable<string> Find(IReadOnlyList<string> directories, uint vni) =>
        directories.Select(directory => PlaceOf(directory, vni)).Where(
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
