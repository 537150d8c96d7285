namespace Overlay.Host;

/// <summary>Kernel parameters under /proc/sys, of this network namespace.</summary>
public static class Sysctl
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

        // Read first: where /proc/sys is read-only, a value that is right already needs no write. Nothing at all would not be written.
        if (File.ReadAllText(path).Trim() != value) File.WriteAllText(path, value + '\n');
    }

    /// <summary>The parameter's value; null when the kernel has no such parameter, or does not let it be read here.</summary>
    public static string? Get(string name)
    {
        try
        {
            return File.ReadAllText($"/proc/sys/{name}").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Parameters of a device go with it at any moment; and containers hide some.
            return null;
        }
    }
}
