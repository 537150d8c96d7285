using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Callers;
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
/// <param name="faults">Gets a worker that does not end.</param>
/// <param name="lifetime">Ends this process.</param>
/// <param name="callers">Lets root and the daemon's own user in.</param>
/// <param name="guard">Notes faults that nobody expected; the next successor is heard all the same.</param>
/// <param name="logger">Logs who comes, and what becomes of it.</param>
internal sealed class HandoverServer(
    OverlayOptions options, NodeLifecycle lifecycle, ChannelWriter<NodeChange> changes, ProcessOutcome outcome,
    FatalFault faults, IHostApplicationLifetime lifetime, CallerGate callers, PartGuard guard,
    ILogger<HandoverServer> logger)
    : LifecycleService, IDisposable
{
    private const string Part = "the hand-over to another overlayd";
    private const string NotReady = "it has ended before it was ready";

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // Nothing changes the node meanwhile. A start that waits for its store has more to come, and may be tried again.
    private static readonly TimeSpan _patienceWithStart = TimeSpan.FromSeconds(60);

    // The successor's workers run; its rules and its lease take as long as programs and a store do.
    private static readonly TimeSpan _patienceWithTakeOver = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _patienceWithHandover = TimeSpan.FromSeconds(20);

    private readonly string _path = HandoverChannel.PathOf(options.AdminSocket);
    private readonly Lock _handing = new();
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
            // A crash has left a file here: the admin socket beside it is this process's already.
            File.Delete(_path);
            Socket listener = HandoverChannel.MakeSocket();
            _listener = listener;
            listener.Bind(new UnixDomainSocketEndPoint(_path));
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            _thread = new Thread(() =>
            {
                while (_listener is not null) _ = guard.Try(Part, () => Accept(listener));
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

        // A node that is being given away is taken down by nobody: either it is the other process's, or this one's again.
        if (_handing.TryEnter(_patienceWithHandover)) _handing.Exit();
        return Task.CompletedTask;
    }

    /// <summary>Ends the listening, and takes the socket's file away. May be called again.</summary>
    public void Dispose()
    {
        _isOver = true;
        CloseListener();
    }

    private void CloseListener() => Interlocked.Exchange(ref _listener, null)?.Dispose();

    private void Accept(Socket listener)
    {
        Socket socket;
        try
        {
            socket = listener.Accept();
        }
        catch (ObjectDisposedException) when (_listener is null)
        {
            return;
        }
        catch (SocketException)
        {
            // Without a free descriptor the kernel refuses at once, whether somebody asks or not (net/socket.c, do_accept).
            if (_listener is not null) Thread.Sleep(_pause);
            return;
        }

        HandoverChannel channel = new(socket);
        string build = "of an unknown version";
        bool isGiven = false;
        try
        {
            if (callers.Admits(channel.Peer, _path)
                && channel.Receive(HandoverMessages.Default.HandoverHello, _patience) is { } hello)
                isGiven = Answer(channel, hello, build = hello.Build);
        }
        catch (IOException exception)
        {
            logger.SuccessorFailed(build, channel.Peer.Process, exception.Message);
        }
        finally
        {
            if (!isGiven) Refuse(channel);
        }
    }

    // True where the node is the other process's, and the channel is to stay open until this one has ended.
    private bool Answer(HandoverChannel channel, HandoverHello hello, string build)
    {
        if (RefusalOf(hello) is { } refusal)
        {
            Offer(channel, null, refusal);
            return false;
        }

        logger.SuccessorComes(build, channel.Peer.Process);
        if (hello.Protocol == HandoverMessages.Protocol && lifecycle.Phase is NodePhase.Running running)
            GiveAway(channel, running.Parts.Node);
        else
        {
            Offer(channel, null);
            if (channel.ReceiveStep(_patienceWithStart) != HandoverStep.Leave) throw new IOException(NotReady);
            lock (_handing) End(channel);
        }

        logger.SuccessorHasTaken(build, channel.Peer.Process);
        return true;
    }

    private string? RefusalOf(HandoverHello hello) =>
        hello.Node != options.NodeName || hello.StateDirectory != options.StateDirectory
            ? $"it is node {options.NodeName} with the state directory {options.StateDirectory}; two daemons of one host have an "
                + "Overlay:Admin:Socket each"
            : ServiceInvocation.Id is not null && hello.Service != ServiceInvocation.Id
                ? "it is a service of systemd, which starts its successor: systemctl reload overlayd"
                : null;

    // Nothing else changes the node meanwhile: device and sockets stay those that the successor has got.
    private void GiveAway(HandoverChannel channel, LocalNode node)
    {
        NodeChange.HandingOver handing = new();
        _ = changes.TryWrite(handing);
        try
        {
            if (!handing.Begun.Task.Wait(_patience)) throw new IOException("another change of the node is under way");
            Offer(channel, node);
            switch (channel.ReceiveStep(_patienceWithStart))
            {
                case HandoverStep.Prepare:
                    channel.Send(HandoverStep.Ready);
                    if (channel.ReceiveStep(_patience) != HandoverStep.Release) throw new IOException(NotReady);
                    lock (_handing)
                    {
                        LetGo(channel, node);
                        End(channel);
                    }

                    break;
                case HandoverStep.Leave:
                    lock (_handing) End(channel);
                    break;
                default:
                    throw new IOException(NotReady);
            }
        }
        catch
        {
            handing.Over.SetResult();
            throw;
        }
    }

    private static void Offer(HandoverChannel channel, LocalNode? node, string? refusal = null)
    {
        InheritedNode? descriptors = node?.Descriptors;
        channel.Send(
            new HandoverOffer(
                refusal, BuildVersion.Text, descriptors is null ? null : HandoverNodes.Of(node!, descriptors)),
            HandoverMessages.Default.HandoverOffer,
            descriptors is null ? [] : HandoverNodes.List(descriptors));
    }

    // Returns when the successor has confirmed; else the workers run again.
    private void LetGo(HandoverChannel channel, LocalNode node)
    {
        long since = Stopwatch.GetTimestamp();
        Suspend(node);
        string reason = "it has ended before it confirmed";
        try
        {
            channel.Send(HandoverStep.Released, since);
            if (channel.ReceiveStep(_patienceWithTakeOver) == HandoverStep.Confirm) return;
        }
        catch (IOException exception)
        {
            reason = exception.Message;
        }

        node.Resume();
        throw new IOException(reason);
    }

    private void Suspend(LocalNode node)
    {
        if (_isOver) throw new IOException("this one is told to stop");
        try
        {
            node.Suspend();
        }
        catch (InvalidOperationException exception)
        {
            // Some workers have ended and one has not: there is no way on, and none back.
            faults.Raise(Part, exception);
            throw new IOException(exception.Message, exception);
        }
    }

    // Without a word a successor takes this process for ended, and goes on alone.
    private void Refuse(HandoverChannel channel)
    {
        try
        {
            if (!_isOver) channel.Send(HandoverStep.Kept);
        }
        catch (IOException)
        {
            // The successor has ended itself.
        }

        channel.Dispose();
    }

    private void End(HandoverChannel channel)
    {
        // First of all: from now on nobody else is to find this process here.
        CloseListener();
        outcome.HandOverTo(channel.Peer.Process, channel);
        _ = _taken.TrySetResult();

        // A start that is not done has little to leave.
        if (lifecycle.Phase is NodePhase.Running) lifecycle.HandOverAsync().GetAwaiter().GetResult();

        // The service manager or runtime of this process sees a failure, and starts another one.
        if (channel.IsClosed)
            _ = outcome.TryFail(new IOException("the overlayd that had taken this node over has ended"));
        lifetime.StopApplication();
    }
}
