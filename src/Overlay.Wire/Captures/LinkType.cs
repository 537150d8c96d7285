namespace Overlay.Wire.Captures;

/// <summary>The first header of a captured packet (https://www.tcpdump.org/linktypes.html).</summary>
public enum LinkType : ushort
{
    /// <summary>An Ethernet frame.</summary>
    Ethernet = 1,

    /// <summary>An IPv4 or IPv6 packet.</summary>
    Raw = 101,
}
