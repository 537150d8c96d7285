using Overlay.Cni.Protocol;

namespace Overlay.Cni.Wiring;

/// <summary>The kernel's settings of the calling thread's network namespace, under /proc/sys/net.</summary>
internal static class Sysctl
{
    /// <summary>As <see cref="Set"/>, for what a pod can do without: where /proc/sys may only be read it stays as it is.</summary>
    public static void TrySet(string key, string value)
    {
        try
        {
            Set(key, value);
        }
        catch (CniException)
        {
            // Nobody is there to be told: a plugin's only words are its result.
        }
    }

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
