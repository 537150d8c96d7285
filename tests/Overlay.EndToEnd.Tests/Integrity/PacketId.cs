namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>Which packet: the relay and the receiver name it alike.</summary>
/// <param name="Flow">
/// UDP: what its <see cref="NumberedPayload"/> says. TCP: family and ports, as <see cref="OfTcp"/> has them.
/// </param>
/// <param name="Number">UDP: the payload's number. TCP: the sequence number.</param>
/// <param name="Length">UDP: 0. TCP: bytes of payload, as a segment sent again may be cut otherwise.</param>
internal readonly record struct PacketId(ulong Flow, uint Number, int Length)
{
    private const int FamilyBit = 32;
    private const int TcpBit = 33;

    public bool IsTcp => (Flow >> TcpBit) != 0;

    public static PacketId OfUdp(NumberedPayload numbered) => new((uint)numbered.Flow, (uint)numbered.Number, 0);

    public static PacketId OfTcp(bool isIpv4, ushort source, ushort destination, uint sequence, int length) => new(
        (1UL << TcpBit) | (isIpv4 ? 1UL << FamilyBit : 0) | ((ulong)source << 16) | destination, sequence, length);

    public override string ToString() =>
        IsTcp ? $"{Flow >> 16 & 0xffff}>{Flow & 0xffff} {Number}+{Length}" : $"{Flow}#{Number}";
}
