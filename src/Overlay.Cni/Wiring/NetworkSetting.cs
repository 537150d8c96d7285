using Overlay.Cni.Protocol;
using Overlay.Host.Kernel;

namespace Overlay.Cni.Wiring;

/// <summary>
/// Kernel parameters below <c>net</c>, of the calling thread's network namespace, with the plugin's errors.
/// </summary>
internal static class NetworkSetting
{
    /// <summary>
    /// As <see cref="Set"/>, for settings that a pod can do without: where /proc/sys is read-only they stay as they
    /// are.
    /// </summary>
    public static void TrySet(string key, string value)
    {
        try
        {
            Set(key, value);
        }
        catch (CniException)
        {
            // A plugin has no log: its result is all that a runtime reads of it.
        }
    }

    /// <summary>Sets a value where it is another.</summary>
    /// <exception cref="CniException">
    /// The kernel has no such parameter (a kernel without IPv6, for one), or refuses the value.
    /// </exception>
    public static void Set(string key, string value)
    {
        string name = "net/" + key;
        try
        {
            Sysctl.Require(name, value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CniException(
                CniErrorCode.Wiring, $"{Sysctl.PathOf(name)} cannot be set to {value}: {exception.Message}");
        }
    }
}
