using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Probes;

/// <summary>Carries out pings, one at a time: each opens sockets and sends at its own pace. Any thread may ask.</summary>
/// <param name="time">Clock of the round trips.</param>
/// <param name="logger">Logs each ping.</param>
internal sealed class Pinger(TimeProvider time, ILogger<Pinger> logger)
{
    private const int PeersAtOnce = 32;
    private const int Echoes = 5;

    /// <summary>The most that a ping of all peers takes; those that are left over then are counted.</summary>
    private static readonly TimeSpan _mostForAll = TimeSpan.FromSeconds(60);

    private readonly PeerPinger _peers = new(time);
    private int _isBusy;

    /// <exception cref="PingException">The question makes no sense, or another ping is under way.</exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task<PingResult> PingAsync(
        PingScene scene, PingTarget target, PingPace pace, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
            throw new PingException(PingFault.Busy, "another ping is under way on this node; try again when it is over");
        try
        {
            long since = time.GetTimestamp();
            PeerPing[] peers =
            [
                .. (target.IsEverybody
                    ? await AllAsync(target, pace, cancellation)
                    : await EachAsync(target, pace, cancellation))
                .OrderByDescending(static ping => ping.Loss).ThenByDescending(static ping => ping.Rtt?.Median)
                .ThenBy(static ping => ping.Peer.Node, StringComparer.Ordinal).ThenBy(static ping => ping.Peer.Address.Family),
            ];
            PodPing? pod = target.Pod is null ? null : await PodAsync(scene, target.Pod, cancellation);
            logger.Pinged(target.Name, peers.Length, time.GetElapsedTime(since));
            return new PingResult(target, scene.Node, peers, pod, target.Peers.Count - peers.Length);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    // Families take turns: together they could come to more than a peer answers in a second.
    private async Task<IReadOnlyCollection<PeerPing>> EachAsync(
        PingTarget target, PingPace pace, CancellationToken cancellation)
    {
        List<PeerPing> pings = [];
        foreach (PeerEnd peer in target.Peers) pings.Add(await _peers.PingAsync(peer, pace, cancellation));
        return pings;
    }

    private async Task<IReadOnlyCollection<PeerPing>> AllAsync(
        PingTarget target, PingPace pace, CancellationToken cancellation)
    {
        ConcurrentBag<PeerPing> pings = [];
        using CancellationTokenSource limit = new(_mostForAll, time);
        using CancellationTokenSource ending =
            CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        ParallelOptions options = new() { MaxDegreeOfParallelism = PeersAtOnce, CancellationToken = ending.Token };

        // Nodes that ping all at once would else come to the same peers together, more than those answer in a second.
        PeerEnd[] peers = [.. target.Peers];
        Random.Shared.Shuffle(peers);
        try
        {
            await Parallel.ForEachAsync(peers, options, async (peer, cancel) =>
                pings.Add(await _peers.PingAsync(peer, pace, cancel)));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The time is up: the result has the peers that were pinged, and the number of the others.
        }

        return pings;
    }

    private async Task<PodPing> PodAsync(PingScene scene, PodEnd pod, CancellationToken cancellation)
    {
        try
        {
            EchoResult echoes = await IcmpEcho.PingAsync(
                pod.IsLocal ? null : scene.EndOf(pod.Address.Family)?.Address, pod.Address, Echoes, time, cancellation);
            return new PodPing(
                pod, echoes.Sent, echoes.Rtts.Count, RttStatistics.Of(echoes.Rtts),
                [.. PingNotes.OfPod(pod, echoes.Rtts.Count)]);
        }
        catch (SocketException exception)
        {
            return new PodPing(pod, 0, 0, null, [PingNotes.OfUnsent(exception.Message)]);
        }
    }
}
