using System.Net.Sockets;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>Descriptors on their way from one process to another.</summary>
public sealed class DescriptorMessagesTests : IDisposable
{
    private readonly Socket _near;
    private readonly Socket _far;

    public DescriptorMessagesTests() => (_near, _far) = SentDescriptors.Pair();

    [Fact]
    public void As_many_as_a_message_holds_arrive_in_order_and_those_that_were_sent_stay_open()
    {
        using FileStream file = new(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1,
            FileOptions.DeleteOnClose);
        int own = (int)file.SafeFileHandle.DangerousGetHandle();
        int[] sent = [.. Enumerable.Repeat(own, DescriptorMessages.Most)];
        DescriptorMessages.Send(_near, "x"u8, sent);
        List<int> received = [];
        DescriptorMessages.Receive(_far, new byte[10], received).ShouldBe(1);
        received.Distinct().Count().ShouldBe(DescriptorMessages.Most);
        received.ShouldNotContain(own);
        file.WriteByte(7);
        file.Flush();
        foreach (int descriptor in received)
            File.ResolveLinkTarget($"/proc/self/fd/{descriptor}", false)!.FullName.ShouldStartWith(file.Name);
        DescriptorMessages.Close(received);
        received.ShouldAllBe(static descriptor => !File.Exists($"/proc/self/fd/{descriptor}"));
        Should.Throw<ArgumentOutOfRangeException>(() => DescriptorMessages.Send(_near, "x"u8, [.. sent, own]));
    }

    [Fact]
    public void A_message_without_descriptors_has_none_and_a_closed_end_is_an_empty_message()
    {
        List<int> received = [];
        DescriptorMessages.Send(_near, "hello"u8, []);
        byte[] text = new byte[10];
        DescriptorMessages.Receive(_far, text, received).ShouldBe(5);
        text.AsSpan(0, 5).SequenceEqual("hello"u8).ShouldBeTrue();
        _near.Dispose();
        DescriptorMessages.Receive(_far, text, received).ShouldBe(0);
        received.ShouldBeEmpty();
    }

    [Fact]
    public void A_message_that_is_too_long_and_a_silence_are_errors()
    {
        _far.ReceiveTimeout = 50;
        Should.Throw<LinuxException>(() => DescriptorMessages.Receive(_far, new byte[10], [])).Errno.ShouldBe(Errno.EAGAIN);
        DescriptorMessages.Send(_near, new byte[11], []);
        Should.Throw<LinuxException>(() => DescriptorMessages.Receive(_far, new byte[10], []))
            .Errno.ShouldBe(Errno.EMSGSIZE);
    }

    [Fact]
    public void The_other_end_is_known_by_process_and_user()
    {
        PeerCredential peer = PeerCredential.Of(_far);
        peer.Process.ShouldBe(Environment.ProcessId);
        peer.IsTrusted.ShouldBeTrue();
        new PeerCredential(1, 0).IsTrusted.ShouldBeTrue("root");
        new PeerCredential(1, 12345).IsTrusted.ShouldBeFalse();
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }
}
