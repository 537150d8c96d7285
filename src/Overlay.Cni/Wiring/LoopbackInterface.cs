using Overlay.Cni.Protocol;
using Overlay.Host.Namespaces;
using Overlay.Host.Netlink;

namespace Overlay.Cni.Wiring;

/// <summary>A pod's own <c>lo</c>, which the kernel makes, and makes down.</summary>
internal static class LoopbackInterface
{
    public const string Name = "lo";

    /// <returns>Its addresses.</returns>
    /// <exception cref="CniException">The namespace cannot be entered, or the kernel refused.</exception>
    public static IReadOnlyList<AddressInfo> SetUp(string networkNamespacePath) =>
        Inside(networkNamespacePath, static netlink =>
        {
            netlink.SetUp(Name);
            return netlink.FindLink(Name) is { } link ? netlink.GetAddresses(link) : [];
        });

    /// <exception cref="CniException">It is down, or as for <see cref="SetUp"/>.</exception>
    public static void Check(string networkNamespacePath)
    {
        if (!Inside(networkNamespacePath, static netlink => netlink.FindLink(Name) is { IsUp: true }))
            throw new CniException(CniErrorCode.Differs, $"{Name} in {networkNamespacePath} is down");
    }

    private static T Inside<T>(string path, Func<RouteNetlink, T> action)
    {
        using NamespaceHandle pod = PodNamespace.Open(path);
        return PodNamespace.Inside(pod, action);
    }
}
