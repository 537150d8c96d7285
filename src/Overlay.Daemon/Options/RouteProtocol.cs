namespace Overlay.Daemon.Options;

/// <summary>Numbers that tell who made a route of the kernel (RTPROT_*, <c>ip route show proto N</c>).</summary>
internal static class RouteProtocol
{
    /// <summary>Routes of this daemon.</summary>
    public const byte Overlay = 79;

    /// <summary>RTPROT_KERNEL: routes that come with an address.</summary>
    public const byte Kernel = 2;

    /// <summary>RTPROT_BOOT: of whoever names no protocol, as flannel and <c>ip route</c> do.</summary>
    public const byte Boot = 3;
}
