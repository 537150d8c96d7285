using System.Net.Sockets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>The probes of one run against one peer: what was sent on which flow, and what came back.</summary>
/// <remarks>Sends come one at a time; a task a flow receives. A lock guards the entries that they share.</remarks>
internal sealed class ProbeSession : IDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(5);

    private readonly IReadOnlyList<Socket> _flows;
    private readonly ulong _session = (ulong)Random.Shared.NextInt64();
    private readonly List<Entry> _entries = [];
    private int _answered;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _receiving;
    private readonly byte[] _packet;
    private readonly int _headers;
    private readonly TimeProvider _time;

    /// <summary>Opens the flows and begins to listen for answers.</summary>
    /// <exception cref="SocketException">The device does not have the address, or no route leads there.</exception>
    public ProbeSession(PeerEnd peer, TimeProvider time)
    {
        _time = time;
        _headers = UdpHeader.HeaderLength
            + (peer.Address.Family == IpFamily.IPv4 ? Ipv4Header.MinLength : Ipv6Header.Length);
        _packet = new byte[Math.Max(peer.From.Mtu, SmallPacket)];
        _flows = FlowSpread.Open(peer.From.Address, peer.Address);
        Ports = [.. _flows.Select(FlowSpread.PortOf)];
        _receiving = Task.WhenAll(Enumerable.Range(0, _flows.Count).Select(ReceiveAsync));
    }

    /// <summary>Bytes of an inner packet that measures time and loss: as large as ping's over IPv4.</summary>
    public const int SmallPacket = 84;

    /// <summary>The source port of each flow.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The peer's host, or a packet filter on the way, answers that nothing listens there.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>The reason why this host's kernel did not send a probe; null where it sent all.</summary>
    public string? Unsent { get; private set; }

    /// <summary>The probes so far.</summary>
    public IReadOnlyList<Entry> Entries
    {
        get
        {
            lock (_gate) return [.. _entries];
        }
    }

    /// <summary>The number of probes so far.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _entries.Count;
        }
    }

    /// <summary>Every probe so far has been answered.</summary>
    public bool IsAnswered
    {
        get
        {
            lock (_gate) return _answered == _entries.Count;
        }
    }

    /// <summary>The refusals are all that has come back.</summary>
    public bool IsOnlyRefused
    {
        get
        {
            lock (_gate) return IsRefused && _answered == 0;
        }
    }

    /// <summary>A probe of that size has come back, of those from that number on.</summary>
    public bool HasCome(int size, int first)
    {
        lock (_gate)
        {
            for (int i = first; i < _entries.Count; i++)
            {
                if (_entries[i].Size == size && _entries[i].Rtt is not null) return true;
            }

            return false;
        }
    }

    /// <summary>Sends one probe.</summary>
    /// <param name="flow">The number of the flow.</param>
    /// <param name="size">Bytes of the inner packet.</param>
    /// <param name="cancellation">Ends the wait for room in the socket.</param>
    public async Task SendAsync(int flow, int size, CancellationToken cancellation)
    {
        long now = _time.GetTimestamp();
        int number;
        lock (_gate)
        {
            number = _entries.Count;
            _entries.Add(new Entry(flow, size, now, null));
        }

        Memory<byte> packet = _packet.AsMemory(0, size - _headers);
        new ProbePacket(ProbeKind.Question, _session, now, (uint)number).Write(packet.Span);
        try
        {
            await SendAsync(_flows[flow], packet, cancellation);
        }
        catch (SocketException exception)
        {
            Unsent = exception.Message;
        }
    }

    /// <summary>Waits until it is so, for the patience at most.</summary>
    public async Task WaitAsync(Func<bool> isSo, TimeSpan patience, CancellationToken cancellation)
    {
        long since = _time.GetTimestamp();
        while (!isSo() && _time.GetElapsedTime(since) < patience)
            await Task.Delay(_look, _time, cancellation);
    }

    /// <summary>Closes the flows.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        foreach (Socket flow in _flows) flow.Dispose();
        _ = _receiving.ContinueWith(_ => _ending.Dispose(), TaskScheduler.Default);
    }

    private async Task SendAsync(Socket flow, ReadOnlyMemory<byte> packet, CancellationToken cancellation)
    {
        try
        {
            _ = await flow.SendAsync(packet, SocketFlags.None, cancellation);
        }
        catch (SocketException earlier)
        {
            // The kernel reports an earlier probe's fate in the place of this send: a refusal, or a router's word on size.
            IsRefused |= earlier.SocketErrorCode == SocketError.ConnectionRefused;
            _ = await flow.SendAsync(packet, SocketFlags.None, cancellation);
        }
    }

    private async Task ReceiveAsync(int flow)
    {
        byte[] packet = new byte[_packet.Length];
        while (true)
        {
            try
            {
                int length = await _flows[flow].ReceiveAsync(packet, SocketFlags.None, _ending.Token);
                Note(flow, packet.AsSpan(0, length), _time.GetTimestamp());
            }
            catch (SocketException exception) when (!_ending.IsCancellationRequested)
            {
                if (exception.SocketErrorCode == SocketError.ConnectionRefused) IsRefused = true;
            }
            catch (Exception exception)
                when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    // The peer's bytes may be wrong in each field: an answer counts for the question that it repeats, once.
    private void Note(int flow, ReadOnlySpan<byte> packet, long now)
    {
        if (!ProbePacket.TryRead(packet, out ProbePacket probe) || probe.Kind != ProbeKind.Answer
            || probe.Session != _session) return;
        lock (_gate)
        {
            if (probe.Sequence >= (uint)_entries.Count) return;
            Entry entry = _entries[(int)probe.Sequence];
            if (entry.Flow != flow || entry.Sent != probe.Sent || entry.Size != packet.Length + _headers
                || entry.Rtt is not null) return;
            _entries[(int)probe.Sequence] = entry with { Rtt = _time.GetElapsedTime(entry.Sent, now) };
            _answered++;
        }
    }

    /// <summary>A probe that was sent.</summary>
    /// <param name="Flow">The number of its flow.</param>
    /// <param name="Size">Bytes of the inner packet.</param>
    /// <param name="Sent">The clock at its sending.</param>
    /// <param name="Rtt">The time to its answer; null while there is none.</param>
    internal readonly record struct Entry(int Flow, int Size, long Sent, TimeSpan? Rtt);
}
