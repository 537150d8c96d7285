using System.Net.Sockets;
using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Testing;

namespace Overlay.Host.Tests;

/// <summary>Answers that a real kernel gives only now and then.</summary>
public sealed class NetlinkSocketTests : IDisposable
{
    private const ushort Done = 3;
    private const ushort Interrupted = 0x10;
    private const ushort Entry = 24;

    private readonly TempDirectory _directory = new();
    private readonly Socket _ours;
    private readonly Socket _kernel;
    private readonly NetlinkSocket _netlink;
    private readonly FileDescriptor _descriptor;

    public NetlinkSocketTests()
    {
        _ours = Bound("ours");
        _kernel = Bound("kernel");
        _ours.Connect(_kernel.LocalEndPoint!);
        _kernel.Connect(_ours.LocalEndPoint!);
        _descriptor = new FileDescriptor((int)_ours.Handle);
        _netlink = new NetlinkSocket(_descriptor);
    }

    [Fact]
    public async Task A_dump_that_was_interrupted_is_asked_for_again()
    {
        Task kernel = AnswerAsync(
            [Message(1, Entry, Interrupted, 7), Message(1, Entry, 0, 7), Message(1, Done, 0, 0)],
            [Message(2, Entry, 0, 7), Message(2, Entry, 0, 8), Message(2, Done, 0, 0)]);
        Dump().ShouldBe(["7", "8"]);

        // It has answered twice; that it returns as well may take a moment.
        await kernel.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_dump_that_is_always_interrupted_ends_with_what_there_is()
    {
        _ = AnswerAsync([.. Enumerable.Range(1, 5).Select(sequence => new[]
        {
            Message(sequence, Entry, 0, 10 + sequence), Message(sequence, Done, Interrupted, 0),
        })]);
        Dump().ShouldBe(["15"]);
    }

    [Fact]
    public void An_error_at_the_end_of_a_dump_is_one()
    {
        _ = AnswerAsync([Message(1, Entry, 0, 7), Message(1, Done, 0, -Errno.ENOMEM)]);
        LinuxException exception = Should.Throw<LinuxException>(Dump);
        exception.Errno.ShouldBe(Errno.ENOMEM);
        exception.Call.ShouldBe("RTM_GETROUTE");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(21)]
    [InlineData(uint.MaxValue)]
    public void A_message_whose_length_is_less_than_its_head_or_more_than_the_datagram_is_an_error(uint length)
    {
        byte[] message = Message(1, Entry, 0, 7);
        MemoryMarshal.Write(message, length);
        _ = AnswerAsync([message, Message(1, Done, 0, 0)]);
        Should.Throw<LinuxException>(Dump).Errno.ShouldBe(Errno.EINVAL);
    }

    public void Dispose()
    {
        // Two own the descriptor; the socket closes it.
        _descriptor.SetHandleAsInvalid();
        _ours.Dispose();
        _kernel.Dispose();
        _directory.Dispose();
    }

    // struct nlmsghdr: length(4), type(2), flags(2), sequence(4), port(4); then here one number.
    private static byte[] Message(int sequence, ushort type, ushort flags, int value)
    {
        byte[] message = new byte[20];
        MemoryMarshal.Write(message, message.Length);
        MemoryMarshal.Write(message.AsSpan(4), type);
        MemoryMarshal.Write(message.AsSpan(6), flags);
        MemoryMarshal.Write(message.AsSpan(8), sequence);
        MemoryMarshal.Write(message.AsSpan(16), value);
        return message;
    }

    private Socket Bound(string name)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_directory[name]));
        return socket;
    }

    // For each request one answer of several messages, in one datagram.
    private Task AnswerAsync(params byte[][][] answers) => Task.Run(() =>
    {
        byte[] request = new byte[1024];
        foreach (byte[][] answer in answers)
        {
            _ = _kernel.Receive(request);
            _ = _kernel.Send(answer.SelectMany(static message => message).ToArray());
        }
    });

    private IReadOnlyList<string> Dump() => _netlink.Dump(
        new NetlinkMessage(26, 0x300, new byte[12]), "RTM_GETROUTE", "all routes",
        static (_, payload) => $"{MemoryMarshal.Read<int>(payload)}");
}
