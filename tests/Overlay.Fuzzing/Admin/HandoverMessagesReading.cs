using System.Net.Sockets;
using Overlay.Daemon.Handover;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Fuzzing.Targets;
using Overlay.Testing;

namespace Overlay.Fuzzing.Admin;

/// <summary>Messages of a hand-over, with and without descriptors, as both ends read them.</summary>
/// <remarks>
/// Input: a byte a message, which chooses its reader and the number of its descriptors; 16 bits of length; bytes.
/// </remarks>
internal sealed class HandoverMessagesReading : IDisposable
{
    private const int MostMessages = 4;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // A successor compares an offer with the node that it wants.
    private static readonly HandoverNode _wanted = AdminSeeds.Node;

    private readonly TempDirectory _directory = new();
    private readonly Socket _other;
    private readonly HandoverChannel _channel;
    private readonly FileStream _file;

    public HandoverMessagesReading()
    {
        string path = _directory["overlayd.sock.next"];
        using Socket listener = HandoverChannel.MakeSocket();
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        _other = HandoverChannel.MakeSocket();
        _other.Connect(new UnixDomainSocketEndPoint(path));
        _channel = new HandoverChannel(listener.Accept());
        _file = File.OpenRead("/dev/null");
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        for (int i = 0; i < MostMessages && !rest.IsEmpty; i++)
        {
            byte choices = rest.Byte();
            ReadOnlySpan<byte> message = rest.Bytes(rest.UInt16());

            // An empty one is the end of the channel.
            if (message.IsEmpty) return;
            int descriptor = (int)_file.SafeFileHandle.DangerousGetHandle();
            DescriptorMessages.Send(_other, message, [.. Enumerable.Repeat(descriptor, choices >> 2)]);
            Receive(choices & 3, choices >> 2);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _channel.Dispose();
        _other.Dispose();
        _directory.Dispose();
    }

    private void Receive(int reader, int sent)
    {
        List<int> descriptors = [];
        try
        {
            switch (reader)
            {
                case 0:
                    _ = _channel.Receive(HandoverMessages.Default.HandoverHello, _patience);
                    return;
                case 1:
                    if (_channel.Receive(HandoverMessages.Default.HandoverOffer, _patience, descriptors) is { } offer
                        && offer.Node == _wanted)
                        Check(descriptors);
                    break;
                default:
                    _ = _channel.ReceiveStep(_patience, out _);
                    return;
            }

            Invariant.Holds(descriptors.Count == sent, "every descriptor arrives");
        }
        catch (IOException refused)
        {
            Sentence.Check(refused.Message);
        }
        finally
        {
            DescriptorMessages.Close(descriptors);
        }
    }

    private static void Check(List<int> descriptors)
    {
        if (HandoverNodes.Read(_wanted, descriptors) is not { } read) return;
        Invariant.Holds(HandoverNodes.List(read).SequenceEqual(descriptors), "descriptors are taken in their order");
    }
}
