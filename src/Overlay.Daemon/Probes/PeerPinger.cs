using System.Net.Sockets;

namespace Overlay.Daemon.Probes;

/// <summary>Pings one peer: probes on all flows, the search for the path MTU, and ICMP where no probe comes back.</summary>
/// <param name="time">Clock of the round trips.</param>
internal sealed class PeerPinger(TimeProvider time)
{
    private const int MostEchoes = 10;

    // Copies of each size, on different flows: one that is lost by chance is no sign of the MTU.
    private const int CopiesOfASize = 3;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _leastPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _pauseOfSizes = TimeSpan.FromMilliseconds(1);

    /// <summary>Pings it once at that pace.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="pace">The number of probes, and their pace.</param>
    /// <param name="cancellation">Ends the ping.</param>
    /// <param name="knownMtu">
    /// A narrow path that was found a moment ago: only the largest size is tried, and it is kept where that fails.
    /// </param>
    public async Task<PeerPing> PingAsync(
        PeerEnd peer, PingPace pace, CancellationToken cancellation, PathMtu? knownMtu = null)
    {
        try
        {
            using ProbeSession session = new(peer, time);
            await SendAllAsync(session, pace, cancellation);
            IReadOnlyList<ProbeSession.Entry> entries = session.Entries;
            return entries.Any(static entry => entry.Rtt is not null)
                ? await AnsweredAsync(peer, session, entries, knownMtu, cancellation)
                : await EchoAsync(peer, session, pace, cancellation);
        }
        catch (SocketException exception)
        {
            return Unsent(peer, exception.Message);
        }
    }

    private async Task SendAllAsync(ProbeSession session, PingPace pace, CancellationToken cancellation)
    {
        (long since, int flows) = (time.GetTimestamp(), session.Ports.Count);
        for (int i = 0; i < pace.Count * flows; i++)
        {
            TimeSpan early = (pace.Interval * i / flows) - time.GetElapsedTime(since);
            if (early > TimeSpan.Zero) await Task.Delay(early, time, cancellation);
            await session.SendAsync(i % flows, ProbeSession.SmallPacket, cancellation);

            // A host where nothing listens says so: the rest of the time is better spent on ICMP.
            if (session.IsOnlyRefused) return;
        }

        await session.WaitAsync(() => session.IsOnlyRefused || session.IsAnswered, _patience, cancellation);
    }

    private async Task<PeerPing> AnsweredAsync(
        PeerEnd peer, ProbeSession session, IReadOnlyList<ProbeSession.Entry> entries, PathMtu? knownMtu,
        CancellationToken cancellation)
    {
        TimeSpan[] rtts = [.. entries.Select(static entry => entry.Rtt).OfType<TimeSpan>()];
        FlowLoss[] flows =
        [
            .. session.Ports.Select((port, flow) => new FlowLoss(
                port, entries.Count(entry => entry.Flow == flow),
                entries.Count(entry => entry.Flow == flow && entry.Rtt is not null))),
        ];
        RttStatistics rtt = RttStatistics.Of(rtts)!;
        int[] sound =
            [.. Enumerable.Range(0, flows.Length).OrderByDescending(flow => flows[flow].Received)
                .Where(flow => flows[flow].Received > 0)];
        PathMtu mtu = knownMtu is null || knownMtu.Device != peer.From.Mtu
            ? await SearchMtuAsync(peer, session, sound, rtt.P99, cancellation)
            : await ComesBackAsync(session, sound[0], peer.From.Mtu, cancellation)
                ? new PathMtu(peer.From.Mtu, peer.From.Mtu, peer.Overhead)
                : knownMtu;
        IEnumerable<string> notes = PingNotes.OfAnswered(peer, flows, mtu);
        if (session.Unsent is { } reason) notes = notes.Append(PingNotes.OfUnsent(reason));
        return new PeerPing(
            peer, PingKind.Overlay, entries.Count, rtts.Length, rtt, flows, mtu, [.. notes]);
    }

    private async Task<PathMtu> SearchMtuAsync(
        PeerEnd peer, ProbeSession session, int[] sound, TimeSpan usual, CancellationToken cancellation)
    {
        int round = 0;
        int? bytes = await MtuSearch.FindAsync(
            peer.From.Mtu, sizes => LargestThatComesBackAsync(
                session, sizes, Rotated(sound, round++ * (CopiesOfASize + 1)), usual, cancellation));
        return new PathMtu(bytes, peer.From.Mtu, peer.Overhead);
    }

    private static async Task<bool> ComesBackAsync(
        ProbeSession session, int flow, int size, CancellationToken cancellation)
    {
        int first = session.Count;
        await session.SendAsync(flow, size, cancellation);
        await session.WaitAsync(() => session.HasCome(size, first), _leastPatience, cancellation);
        return session.HasCome(size, first);
    }

    // Each round begins with flows that the round before has not used.
    private static int[] Rotated(int[] flows, int by) =>
        [.. flows.Skip(by % flows.Length), .. flows.Take(by % flows.Length)];

    private async Task<int?> LargestThatComesBackAsync(
        ProbeSession session, IReadOnlyList<int> sizes, int[] flows, TimeSpan usual, CancellationToken cancellation)
    {
        int first = session.Count;

        // The largest goes alone and is waited for: where it comes back, as it should, no other is sent.
        if (await ComesBackAsync(session, flows[0], sizes[^1], cancellation)) return sizes[^1];

        // Sizes ascend on each flow: a smaller packet behind a larger one of its flow may travel joined to it as a
        // super-packet, which virtual links pass whole whatever their MTU is. So none follows the largest on its flow,
        // which a busy machine may not have sent yet.
        foreach (int flow in flows.Length > 1 ? flows.Skip(1).Take(CopiesOfASize) : flows)
        {
            foreach (int size in sizes)
            {
                await session.SendAsync(flow, size, cancellation);
                await Task.Delay(_pauseOfSizes, time, cancellation);
            }
        }

        TimeSpan patience = (usual * 4) + _leastPatience;
        await session.WaitAsync(HasLargest, patience < _patience ? patience : _patience, cancellation);
        return session.Entries.Skip(first).Where(static entry => entry.Rtt is not null)
            .Select(static entry => (int?)entry.Size).Max();

        bool HasLargest() => session.HasCome(sizes[^1], first);
    }

    private async Task<PeerPing> EchoAsync(
        PeerEnd peer, ProbeSession session, PingPace pace, CancellationToken cancellation)
    {
        EchoResult echoes = await IcmpEcho.PingAsync(
            peer.From.Address, peer.Address, Math.Min(pace.Count, MostEchoes), time, cancellation);
        IEnumerable<string> unsent = session.Unsent is { } reason ? [PingNotes.OfUnsent(reason)] : [];
        return echoes.Rtts.Count > 0
            ? new PeerPing(
                peer, PingKind.Icmp, echoes.Sent, echoes.Rtts.Count, RttStatistics.Of(echoes.Rtts), [], null,
                [PingNotes.OfIcmp(peer, echoes.Sent, echoes.Rtts.Count, session.IsRefused), .. unsent])
            : new PeerPing(
                peer, PingKind.None, session.Count, 0, null, [], null, [PingNotes.OfNone(peer), .. unsent]);
    }

    private static PeerPing Unsent(PeerEnd peer, string reason) =>
        new(peer, PingKind.None, 0, 0, null, [], null, [PingNotes.OfUnsent(reason)]);
}
