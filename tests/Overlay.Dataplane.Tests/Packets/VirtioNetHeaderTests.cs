using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Tests;

public class VirtioNetHeaderTests
{
    // virtio_net.h: u8 flags, u8 gso_type, then hdr_len, gso_size, csum_start, csum_offset as u16 of the host's order.
    private static readonly VirtioNetHeader _header = new(
        Flags: VirtioNetHeader.NeedsChecksum, GsoType: VirtioNetHeader.GsoTcpv6, HeaderLength: 0x0102, GsoSize: 0x0304,
        ChecksumStart: 0x0506, ChecksumOffset: 0x0708);

    private static readonly byte[] _bytes =
    [
        1, 4,
        .. BitConverter.GetBytes((ushort)0x0102), .. BitConverter.GetBytes((ushort)0x0304),
        .. BitConverter.GetBytes((ushort)0x0506), .. BitConverter.GetBytes((ushort)0x0708),
    ];

    [Fact]
    public void It_is_written_field_by_field_in_ten_bytes_and_no_more()
    {
        byte[] destination = new byte[VirtioNetHeader.Length + 2];
        destination.AsSpan().Fill(0xcc);
        _header.Write(destination);
        destination.ShouldBe([.. _bytes, 0xcc, 0xcc]);
    }

    [Fact]
    public void It_is_read_as_it_was_written() => VirtioNetHeader.Read([.. _bytes, 0xcc]).ShouldBe(_header);

    [Fact]
    public void Nine_bytes_are_too_few()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => VirtioNetHeader.Read(_bytes.AsSpan(0, 9)));
        Should.Throw<ArgumentOutOfRangeException>(() => _header.Write(new byte[9]));
    }
}
