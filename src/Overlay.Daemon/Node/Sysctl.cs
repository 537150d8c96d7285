namespace Overlay.Daemon;

/// <summary>Kernel parameters under /proc/sys, of this network namespace.</summary>
internal static class Sysctl
{
    /// <summary>Sets a parameter; nothing to do where the kernel has no such parameter.</summary>
    /// <param name="name">Path below /proc/sys: a device name may hold dots, so not the dotted form.</param>
    /// <param name="value">As written to the file.</param>
    /// <exception cref="IOException">The value was refused.</exception>
    /// <exception cref="UnauthorizedAccessException">/proc/sys is read-only here.</exception>
    public static void Set(string name, string value)
    {
        string path = $"/proc/sys/{name}";
        if (!File.Exists(path)) return;

        // Read first: where /proc/sys is read-only, a value that is right already needs no write.
        if (File.ReadAllText(path).Trim() != value) File.WriteAllText(path, value);
    }

    /// <summary>The parameter's value, or null when the kernel has no such parameter.</summary>
    public static string? Get(string name) => File.Exists($"/proc/sys/{name}") ? File.ReadAllText($"/proc/sys/{name}").Trim() : null;
}
