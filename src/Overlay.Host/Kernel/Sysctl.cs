namespace Overlay.Host.Kernel;

/// <summary>Kernel parameters under /proc/sys, of the calling thread's network namespace.</summary>
/// <remarks>
/// A name is a path below /proc/sys: a device name may hold dots, so the dotted form would be ambiguous.
/// </remarks>
public static class Sysctl
{
    /// <summary>
    /// The directory where a container, whose own /proc/sys is read-only, may have the host's mounted, or the part
    /// <c>net</c> of it.
    /// The network namespace is the container's there too.
    /// </summary>
    public const string HostRoot = "/mnt/host/proc/sys";

    /// <summary>
    /// The kernel's name for the time since this boot (random(4)): what the kernel keeps ends with it. Null where it
    /// cannot be read.
    /// </summary>
    public static string? BootId => Get("kernel/random/boot_id");

    /// <summary>The file of a parameter, for errors that name it.</summary>
    public static string PathOf(string name) => $"/proc/sys/{name}";

    /// <summary>Sets a parameter; does nothing where the kernel has no such parameter.</summary>
    /// <exception cref="IOException">The kernel refuses the value.</exception>
    /// <exception cref="UnauthorizedAccessException">/proc/sys is read-only here.</exception>
    public static void Set(string name, string value)
    {
        if (File.Exists(PathOf(name))) Require(name, value);
    }

    /// <summary>Sets a parameter that the kernel must have.</summary>
    /// <exception cref="IOException">The parameter does not exist, or the kernel refuses the value.</exception>
    /// <exception cref="UnauthorizedAccessException">/proc/sys is read-only here.</exception>
    public static void Require(string name, string value)
    {
        string path = PathOf(name);

        // Read first: where /proc/sys is read-only, a value that is right already needs no write.
        if (File.ReadAllText(path).AsSpan().Trim().SequenceEqual(value)) return;
        string hosts = $"{HostRoot}/{name}";
        Write(File.Exists(hosts) ? hosts : path, value);
    }

    /// <summary>
    /// The parameter's value; null when the kernel has no such parameter, or does not let it be read here.
    /// </summary>
    public static string? Get(string name)
    {
        try
        {
            return File.ReadAllText(PathOf(name)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Parameters of a device go with the device at any moment; and containers hide some.
            return null;
        }
    }

    // The line feed makes an empty value a write.
    private static void Write(string path, string value) => File.WriteAllText(path, value + '\n');
}
