using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Namespaces;
using Overlay.Host.Netlink;

namespace Overlay.Cni.Wiring;

/// <summary>The network namespace of a pod, by the path that the runtime names.</summary>
internal static class PodNamespace
{
    /// <exception cref="CniException">It is no network namespace, the node's own, or not ours to enter.</exception>
    public static NamespaceHandle Open(string path)
    {
        NamespaceHandle pod = TryOpen(path) ?? throw new CniException(
            CniErrorCode.UnknownContainer, $"CNI_NETNS={path} is no network namespace; example: /run/netns/cni-1");
        if (!pod.IsCurrent()) return pod;
        pod.Dispose();
        throw new CniException(
            CniErrorCode.InvalidEnvironment,
            $"CNI_NETNS={path} is the network namespace of the node itself; example: /run/netns/cni-1");
    }

    /// <summary>Null where there is no such namespace, or no longer.</summary>
    /// <exception cref="CniException">It is not ours to open.</exception>
    public static NamespaceHandle? TryOpen(string path)
    {
        try
        {
            return NamespaceHandle.Open(path);
        }
        catch (LinuxException none) when (none.Errno is not (Errno.EPERM or Errno.EACCES))
        {
            return null;
        }
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    /// <summary>Does something in the namespace, with netlink there.</summary>
    /// <exception cref="CniException">The kernel refused, or the action did.</exception>
    public static T Inside<T>(NamespaceHandle pod, Func<RouteNetlink, T> action) =>
        pod.Invoke(() => WithNetlink(action));

    /// <summary>Does something in the namespace of the calling thread, with netlink there.</summary>
    /// <exception cref="CniException">The kernel refused, or the action did.</exception>
    public static T WithNetlink<T>(Func<RouteNetlink, T> action)
    {
        try
        {
            using RouteNetlink netlink = new();
            return action(netlink);
        }
        catch (LinuxException refused)
        {
            throw Explain(refused);
        }
    }

    /// <summary>The plugin's error for what the kernel has refused.</summary>
    private static CniException Explain(LinuxException refused) => refused.Errno switch
    {
        Errno.EPERM or Errno.EACCES => new(
            CniErrorCode.Wiring, refused.Message, "needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN"),
        Errno.EBUSY or Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM =>
            new(CniErrorCode.TryAgainLater, refused.Message),
        _ => new(CniErrorCode.Wiring, refused.Message),
    };
}
