using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

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

    /// <summary>As <see cref="Set"/>, where the kernel has such a parameter.</summary>
    /// <exception cref="CniException">The kernel refuses the value.</exception>
    public static void SetWhereKnown(string key, string value)
    {
        if (Sysctl.Get("net/" + key) is not null) Set(key, value);
    }

    /// <summary>Sets a value where it is another.</summary>
    /// <exception cref="CniException">
    /// The kernel has no such parameter (a kernel without IPv6, for one), or refuses the value.
    /// </exception>
    public static void Set(string key, string value)
    {
        string name = "net/" + key;
        Apply(name, value, () => Sysctl.Require(name, value));
    }

    /// <summary>Switches forwarding on, for all devices and one family.</summary>
    /// <exception cref="CniException">As <see cref="Set"/>.</exception>
    /// <exception cref="LinuxException">Routes or devices cannot be listed.</exception>
    public static void SwitchOnForwarding(RouteNetlink netlink, IpFamily family) =>
        Apply(Forwarding.KeyOf(family), "1", () => Forwarding.SwitchOn(netlink, family));

    private static void Apply(string name, string value, Action change)
    {
        try
        {
            change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException
            && exception is not LinuxException)
        {
            throw new CniException(
                CniErrorCode.Wiring, $"{Sysctl.PathOf(name)} cannot be set to {value}: {exception.Message}");
        }
    }
}
