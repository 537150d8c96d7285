using System.Diagnostics;
using Overlay.Host.Interop;
using Overlay.Host.Namespaces;
using Overlay.Host.Netlink;
using Overlay.Testing;

namespace Overlay.Host.Tests;

public sealed class NamespaceHandleTests : IDisposable
{
    private readonly TwoNodes _nodes = new();

    private string Path => $"/run/netns/{_nodes.A.Namespace}";

    [Fact]
    public void Code_runs_inside_and_only_there()
    {
        using NamespaceHandle handle = NamespaceHandle.Open(Path);
        handle.Path.ShouldBe(Path);
        handle.Invoke(Names).ShouldBe(["lo", "eth0", "cni0"], ignoreOrder: true);
        Names().ShouldNotBe(handle.Invoke(Names));
        Should.Throw<InvalidOperationException>(() =>
            handle.Invoke<int>(static () => throw new InvalidOperationException("inside"))).Message.ShouldBe("inside");
    }

    [Fact]
    public void The_calling_threads_own_is_told_from_others_by_whatever_path()
    {
        using NamespaceHandle handle = NamespaceHandle.Open(Path);
        handle.IsCurrent().ShouldBeFalse();
        _nodes.A.Invoke(handle.IsCurrent).ShouldBeTrue();
        _nodes.B.Invoke(handle.IsCurrent).ShouldBeFalse();
        using NamespaceHandle own = NamespaceHandle.Open("/proc/self/ns/net");
        own.IsCurrent().ShouldBeTrue();
    }

    [Theory]
    [InlineData("/run/netns/overlay-none", Errno.ENOENT)]
    [InlineData("/proc/self/ns/pid", Errno.EINVAL)]
    [InlineData("/proc/self/status", Errno.EINVAL)]
    [InlineData("/run", Errno.EINVAL)]
    public void A_path_that_is_no_network_namespace_is_named(string path, int errno)
    {
        LinuxException refused = Should.Throw<LinuxException>(() => NamespaceHandle.Open(path));
        refused.Errno.ShouldBe(errno);
        refused.Subject.ShouldBe(path);
    }

    [Fact]
    public void An_open_namespace_stays_though_its_path_goes()
    {
        using Process holder = Process.Start(new ProcessStartInfo("unshare", ["--net", "sleep", "60"]))!;
        string path = $"/proc/{holder.Id}/ns/net";
        NamespaceHandle? opened = null;
        SpinWait.SpinUntil(
            () =>
            {
                opened?.Dispose();
                return !(opened = NamespaceHandle.Open(path)).IsCurrent();
            },
            TimeSpan.FromSeconds(20)).ShouldBeTrue();
        using NamespaceHandle handle = opened.ShouldNotBeNull();
        holder.Kill();
        holder.WaitForExit();
        handle.Invoke(Names).ShouldBe(["lo"]);
        Should.Throw<LinuxException>(() => NamespaceHandle.Open(path)).Errno.ShouldBe(Errno.ENOENT);
    }

    public void Dispose() => _nodes.Dispose();

    private static string[] Names()
    {
        using RouteNetlink netlink = new();
        return [.. netlink.GetLinks().Select(static link => link.Name)];
    }
}
