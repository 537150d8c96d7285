using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Handover;

/// <summary>The overlayd that runs this node, seen from the one that is to go on with it.</summary>
internal sealed class Predecessor : IPredecessor, IDisposable
{
    // Workers end within a batch; a process that is short of processor time takes longer.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // An orderly end asks the store and runs nft.
    private static readonly TimeSpan _patienceWithAnEnd = TimeSpan.FromSeconds(30);

    private readonly HandoverChannel _channel;
    private readonly HandoverOffer _offer;
    private readonly List<int> _descriptors;

    // The start of a runtime takes all processors there are: the workers of the other process come first.
    private readonly ProcessNiceness? _niceness = ProcessNiceness.Lower();
    private bool _hasEnded;

    private Predecessor(HandoverChannel channel, HandoverOffer offer, List<int> descriptors) =>
        (_channel, _offer, _descriptors) = (channel, offer, descriptors);

    /// <summary>Logs what differs, and an end that takes long. Set before the start.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>The overlayd that runs this node; null where none does, or it is not to be taken over.</summary>
    /// <exception cref="IOException">It refuses, or does not answer as an overlayd does.</exception>
    public static Predecessor? Find(OverlayOptions options)
    {
        if (options.HandOver == HandOver.Off || Connect(HandoverChannel.PathOf(options.AdminSocket)) is not { } socket)
            return null;
        HandoverChannel channel = new(socket);
        List<int> descriptors = [];
        try
        {
            if (!channel.Peer.IsTrusted)
                throw new IOException(
                    $"{HandoverChannel.PathOf(options.AdminSocket)} is served by user {channel.Peer.User}, who is neither "
                    + "root nor this daemon's own: who has it: ss -xlp; remove the file");

            // A predecessor that ends at this moment closes without an answer: there is none to take over from.
            if (Greet(channel, options, descriptors) is not { } offer)
            {
                channel.Dispose();
                return null;
            }

            if (offer.Refusal is { } refusal)
                throw new IOException($"another overlayd ({offer.Build}) runs this node already: {refusal}");
            return new Predecessor(channel, offer, descriptors);
        }
        catch
        {
            DescriptorMessages.Close(descriptors);
            channel.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public InheritedNode? Inherit(NodePlan plan)
    {
        HandoverNode wanted = HandoverNodes.Of(plan);
        if (_offer.Node == wanted && HandoverNodes.Read(wanted, _descriptors) is { } inherited)
        {
            // The node's objects own them from now on.
            _descriptors.Clear();
            return inherited;
        }

        if (_offer.Node is { } running) Logger?.PredecessorDiffers(_offer.Build, $"{running}", $"{wanted}");
        else Logger?.PredecessorHasNoSockets(_offer.Build);
        CloseDescriptors();
        _niceness?.Dispose();
        _ = _channel.TrySend(HandoverStep.Leave);
        AwaitEnd();
        return null;
    }

    /// <inheritdoc/>
    // Both ends do once, for nothing, what the next step needs: a first time takes longest.
    public void Prepare()
    {
        _ = Ask(HandoverStep.Prepare, HandoverStep.Ready);
        _niceness?.Dispose();
    }

    /// <inheritdoc/>
    public long Release() => Ask(HandoverStep.Release, HandoverStep.Released);

    /// <inheritdoc/>
    public void Confirm()
    {
        // After an end that was asked for nobody listens.
        if (_hasEnded) return;

        // A predecessor that has closed may have left a last word, that it runs on: it is read all the same.
        _ = _channel.TrySend(HandoverStep.Confirm);
        AwaitEnd();
    }

    public void Dispose()
    {
        _niceness?.Dispose();
        CloseDescriptors();
        _channel.Dispose();
    }

    private static HandoverOffer? Greet(HandoverChannel channel, OverlayOptions options, List<int> descriptors)
    {
        HandoverHello hello = new(
            HandoverMessages.Protocol, BuildVersion.Text, options.NodeName, options.StateDirectory, ServiceInvocation.Id);
        return channel.TrySend(hello, HandoverMessages.Default.HandoverHello)
            ? channel.Receive(HandoverMessages.Default.HandoverOffer, _patience, descriptors)
            : null;
    }

    // A predecessor that ends meanwhile, told to stop or killed, lets the node go too; this process has its descriptors.
    private long Ask(HandoverStep step, HandoverStep answer)
    {
        long time = Stopwatch.GetTimestamp();
        if (_hasEnded) return time;
        if (!_channel.TrySend(step))
        {
            _hasEnded = true;
            return time;
        }

        HandoverStep? said = _channel.ReceiveStep(_patience, out long at);
        if (said == answer) return at;
        _hasEnded = said is null;
        return _hasEnded ? time : throw new IOException($"the overlayd that runs this node says {said}; it runs on");
    }

    // Its admin socket and its port for metrics are this process's next.
    private void AwaitEnd()
    {
        bool hasKept = false;
        try
        {
            HandoverStep? word = _channel.ReceiveStep(_patienceWithAnEnd);
            (_hasEnded, hasKept) = (word is null, word is HandoverStep.Kept);
        }
        catch (IOException exception)
        {
            Logger?.PredecessorStays(_channel.Peer.Process, exception.Message);
        }

        if (hasKept)
            throw new IOException("the overlayd that runs this node has waited for too long, and runs on");
    }

    private void CloseDescriptors()
    {
        DescriptorMessages.Close(_descriptors);
        _descriptors.Clear();
    }

    private static Socket? Connect(string path)
    {
        if (!File.Exists(path)) return null;
        Socket socket = HandoverChannel.MakeSocket();
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();

            // Nobody listens: the file is a crash's, or its owner ends at this moment.
            if (exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable) return null;
            throw new IOException($"{path} cannot be connected to: {exception.Message}", exception);
        }
    }
}
