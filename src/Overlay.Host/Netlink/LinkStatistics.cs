namespace Overlay.Host.Netlink;

/// <summary>A device's counts since it was made (struct rtnl_link_stats64).</summary>
/// <param name="ReceiveErrors">All packets that were received and unsound; those by length are among them.</param>
/// <param name="ReceiveDropped">Packets that were sound and not passed on.</param>
/// <param name="ReceiveLengthErrors">Unsound by their length.</param>
public sealed record LinkStatistics(
    long ReceiveErrors, long ReceiveDropped, long ReceiveLengthErrors)
{
    public static LinkStatistics operator +(LinkStatistics left, LinkStatistics right) => Add(left, right);

    /// <summary>The sum, as of a device and the one that was there before it.</summary>
    public static LinkStatistics Add(LinkStatistics left, LinkStatistics right) => new(
        left.ReceiveErrors + right.ReceiveErrors, left.ReceiveDropped + right.ReceiveDropped,
        left.ReceiveLengthErrors + right.ReceiveLengthErrors);
}
