namespace Overlay.Daemon.Tiers;

/// <summary>The directory in which programs and maps outlive the daemon.</summary>
internal static class PinPlace
{
    /// <summary>
    /// A directory for one network below the configured one; null, and why, where that is in no bpffs (bpf(2), "Pinning"), or
    /// this process may not write there.
    /// </summary>
    public static string? Make(string directory, uint vni, out string reason)
    {
        reason = "";
        try
        {
            if (!IsBpffs(directory))
            {
                reason = $"{directory} is in no bpffs, so the eBPF tier ends with the daemon; mount -t bpf bpf "
                    + Path.GetDirectoryName(directory);
                return null;
            }

            // Links and maps there change what the kernel forwards.
            string place = Path.Combine(directory, $"{vni}");
            _ = Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return place;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            reason = $"the eBPF tier ends with the daemon: {exception.Message}";
            return null;
        }
    }

    /// <summary>The directory that an earlier run may have made; null where there can be none.</summary>
    public static string? Find(string directory, uint vni) =>
        Path.Combine(directory, $"{vni}") is var place && Directory.Exists(place) && IsBpffs(place) ? place : null;

    private static bool IsBpffs(string directory)
    {
        for (string? there = Path.GetFullPath(directory); there is not null; there = Path.GetDirectoryName(there))
        {
            if (Directory.Exists(there)) return new DriveInfo(there).DriveFormat is "bpf" or "bpf_fs";
        }

        return false;
    }
}
