using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Handover;

/// <summary>Gives this node to another overlayd that is started beside this one, without a pause of its packets.</summary>
/// <param name="options">The admin socket's place, and whether this node is to be had.</param>
/// <param name="lifecycle">The node.</param>
/// <param name="changes">Where a node is let go between two other changes.</param>
/// <param name="outcome">Learns that the node is another process's.</param>
/// <param name="lifetime">Ends this process.</param>
/// <param name="guard">Notes faults that nobody expected; the next successor is heard all the same.</param>
/// <param name="logger">Logs who comes, and what becomes of it.</param>
internal sealed class HandoverServer(
    OverlayOptions options, NodeLifecycle lifecycle, ChannelWriter<NodeChange> changes, ProcessOutcome outcome,
    IHostApplicationLifetime lifetime, PartGuard guard, ILogger<HandoverServer> logger) : LifecycleService, IDisposable
{
    private const string Part = "the hand-over to another overlayd";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // A successor waits for its store as long as it takes, and one that goes closes the connection.
    private static readonly TimeSpan _patienceWithStart = TimeSpan.FromDays(1);

    // Without workers: from there on a successor has only to start its own, and to write its files.
    private static readonly TimeSpan _patienceWithTakeOver = TimeSpan.FromSeconds(15);

    private readonly string _path = HandoverChannel.PathOf(options.AdminSocket);
    private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _listener;
    private Thread? _thread;
    private volatile bool _isOver;

    /// <summary>Ends when another process has taken the node over.</summary>
    public Task Taken => _taken.Task;

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.HandOver == HandOver.Off) return Task.CompletedTask;
        try
        {
            // What is there is a crash's: the admin socket beside it is this process's.
            File.Delete(_path);
            Socket listener = HandoverChannel.MakeSocket();
            _listener = listener;
            listener.Bind(new UnixDomainSocketEndPoint(_path));
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            _thread = new Thread(() =>
            {
                while (!_isOver) _ = guard.Try(Part, () => Accept(listener));
            })
            { IsBackground = true, Name = "hand-over" };
            _thread.Start();
        }
        catch (Exception exception)
            when (exception is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            logger.NoSuccessors(_path, exception.Message);
        }

        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Ends the listening, and takes the socket's file away. May be called again.</summary>
    public void Dispose()
    {
        _isOver = true;
        _listener?.Dispose();
    }

    private void Accept(Socket listener)
    {
        Socket socket;
        try
        {
            socket = listener.Accept();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException && _isOver)
        {
            return;
        }

        HandoverChannel channel = new(socket);
        try
        {
            if (!TryHandOver(channel)) channel.Dispose();
        }
        catch (IOException exception)
        {
            logger.SuccessorFailed("", channel.Peer.Process, exception.Message);
            channel.Dispose();
        }
    }

    // True where the node is the other process's, and the channel is to stay open until this one has ended.
    private bool TryHandOver(HandoverChannel channel)
    {
        if (!channel.Peer.IsTrusted)
        {
            logger.StrangerAsks(channel.Peer.User);
            return false;
        }

        if (channel.Receive(HandoverMessages.Default.HandoverHello, _patience, []) is not { } hello) return false;
        string? refusal = RefusalOf(hello);
        LocalNode? node = refusal is null ? (lifecycle.Phase as NodePhase.Running)?.Parts.Node : null;
        InheritedNode? descriptors = node?.Descriptors;
        channel.Send(
            new HandoverOffer(
                refusal, BuildVersion.Text, descriptors is null ? null : HandoverNodes.Of(node!, descriptors)),
            HandoverMessages.Default.HandoverOffer,
            descriptors is null ? [] : HandoverNodes.List(descriptors));
        if (refusal is not null) return false;
        logger.SuccessorComes(hello.Build, channel.Peer.Process);
        switch (channel.ReceiveStep(_patienceWithStart))
        {
            case HandoverStep.Prepare when node is not null:
                if (TryLetGo(channel, node, hello)) break;
                return false;
            case HandoverStep.Leave:
                break;
            default:
                logger.SuccessorFailed(hello.Build, channel.Peer.Process, "it has ended before it was ready");
                return false;
        }

        End(channel, hello);
        return true;
    }

    private static string? RefusalOf(HandoverHello hello) => hello.Protocol != HandoverMessages.Protocol
        ? $"it hands nodes over by version {HandoverMessages.Protocol} of the messages, and {hello.Build} by version "
            + $"{hello.Protocol}; stop it first"
        : ServiceInvocation.Id is not null && hello.Service != ServiceInvocation.Id
            ? "it is a service of systemd, which starts its successor: systemctl reload overlayd"
            : null;

    private bool TryLetGo(HandoverChannel channel, LocalNode node, HandoverHello hello)
    {
        NodeChange.HandingOver handing = new();
        _ = changes.TryWrite(handing);
        string reason = "it has ended before it confirmed";
        try
        {
            if (!handing.Begun.Task.Wait(_patience)) throw new IOException("another change of the node is under way");
            channel.Send(HandoverStep.Ready);
            if (channel.ReceiveStep(_patience) == HandoverStep.Release && IsTaken(channel, node)) return true;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            reason = exception.Message;
        }
        finally
        {
            handing.Over.SetResult();
        }

        logger.SuccessorFailed(hello.Build, channel.Peer.Process, reason);
        return false;
    }

    private static bool IsTaken(HandoverChannel channel, LocalNode node)
    {
        long since = Stopwatch.GetTimestamp();
        node.Suspend();
        bool isTaken = false;
        try
        {
            channel.Send(HandoverStep.Released, since);
            isTaken = channel.ReceiveStep(_patienceWithTakeOver) == HandoverStep.Confirm;
        }
        finally
        {
            if (!isTaken) node.Resume();
        }

        return isTaken;
    }

    private void End(HandoverChannel channel, HandoverHello hello)
    {
        // First of all: from now on nobody else is to find this process here.
        Dispose();
        outcome.HandOverTo(channel.Peer.Process, channel);

        // A start that is not done has little to leave.
        if (lifecycle.Phase is NodePhase.Running) lifecycle.HandOverAsync().GetAwaiter().GetResult();
        logger.SuccessorHasTaken(hello.Build, channel.Peer.Process);
        _taken.SetResult();
        lifetime.StopApplication();
    }
}
