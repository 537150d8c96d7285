using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>A connection as the kernel tracks it (linux/netfilter/nfnetlink_conntrack.h).</summary>
/// <param name="Source">Who began it.</param>
/// <param name="Destination">The address that he sends to.</param>
/// <param name="IsTranslated">Source or destination were translated when it began, and so they stay.</param>
/// <param name="Key">The attributes by which the kernel finds it again.</param>
public sealed record TrackedFlow(
    IpAddress Source, IpAddress Destination, bool IsTranslated, ReadOnlyMemory<byte> Key);
