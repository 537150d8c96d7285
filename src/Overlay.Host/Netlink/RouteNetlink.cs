using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>Links, addresses and routes by rtnetlink(7). One thread at a time.</summary>
public sealed partial class RouteNetlink : IDisposable
{
    private readonly NetlinkSocket _socket = new();

    public void Dispose() => _socket.Dispose();

    private static byte FamilyOf(IpFamily family) => (byte)(family == IpFamily.IPv4 ? Libc.AF_INET : Libc.AF_INET6);
}
