using System.Net.Sockets;
using System.Text;
using Overlay.Daemon.Handover;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Testing;

namespace Overlay.Daemon.Tests.Handover;

public sealed class HandoverChannelTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TempDirectory _directory = new();
    private readonly Socket _far = HandoverChannel.MakeSocket();
    private readonly HandoverChannel _channel;

    public HandoverChannelTests()
    {
        using Socket listener = HandoverChannel.MakeSocket();
        listener.Bind(new UnixDomainSocketEndPoint(_directory["next"]));
        listener.Listen();
        _far.Connect(new UnixDomainSocketEndPoint(_directory["next"]));
        _channel = new(listener.Accept());
    }

    [Fact]
    public void A_message_has_a_bound()
    {
        string hello = """{"protocol":1,"build":"x","node":"a","stateDirectory":"/s"}""".PadRight(8 * 1024);
        DescriptorMessages.Send(_far, Encoding.UTF8.GetBytes(hello), []);
        Receive()!.Node.ShouldBe("a");
        DescriptorMessages.Send(_far, Encoding.UTF8.GetBytes(hello + " "), []);
        Should.Throw<IOException>(Receive).Message.ShouldContain("Message too long");
    }

    [Fact]
    public void Descriptors_of_a_message_that_is_too_long_are_closed()
    {
        using FileStream file = File.Create(_directory["file"]);
        DescriptorMessages.Send(_far, new byte[(8 * 1024) + 1], [(int)file.SafeFileHandle.DangerousGetHandle()]);
        Should.Throw<IOException>(Receive);
        Directory.EnumerateFiles("/proc/self/fd").Count(
            fd => new FileInfo(fd).LinkTarget == _directory["file"]).ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"protocol":"x"}""")]
    [InlineData("\u0000\u0001")]
    public void Bytes_that_are_no_message_are_an_error_or_the_end(string text)
    {
        DescriptorMessages.Send(_far, Encoding.UTF8.GetBytes(text + " "), []);
        Should.Throw<IOException>(Receive).Message.ShouldStartWith("the other overlayd sends ");
    }

    public void Dispose()
    {
        _channel.Dispose();
        _far.Dispose();
        _directory.Dispose();
    }

    private HandoverHello? Receive() => _channel.Receive(HandoverMessages.Default.HandoverHello, _patience, []);
}
