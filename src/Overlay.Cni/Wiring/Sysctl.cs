using Overlay.Linux;

namespace Overlay.Cni;

/// <summary>The kernel's settings of the calling thread's network namespace, under /proc/sys/net.</summary>
internal static class Sysctl
{
    /// <summary>Sets a value where it is another; a kernel without IPv6 has none of its keys.</summary>
    /// <exception cref="CniException">It is another, and may not be written.</exception>
    public static void Set(string key, string value)
    {
        string path = "/proc/sys/net/" + key;
        try
        {
            if (File.ReadAllText(path).AsSpan().Trim().SequenceEqual(value)) return;
            File.WriteAllText(path, value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CniException(CniErrorCode.Wiring, $"{path} cannot be set to {value}: {exception.Message}");
        }
    }
}
