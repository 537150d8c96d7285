using System.Net.Sockets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>Echo requests to one address, for whoever answers no probes: a flannel node, a pod.</summary>
internal sealed class IcmpEcho : IDisposable
{
    private const byte EchoRequest = 8;
    private const byte EchoReply = 0;
    private const byte EchoRequestV6 = 128;
    private const byte EchoReplyV6 = 129;
    private const int NonceLength = 8;
    private const int LargestReply = 1500;
    private const int MostErrors = 100;

    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly Socket _socket;
    private readonly bool _isIpv4;
    private readonly ushort _identifier = (ushort)Random.Shared.Next(ushort.MaxValue);
    private readonly byte[] _nonce = new byte[NonceLength];
    private readonly List<long> _sent = [];
    private readonly Dictionary<int, TimeSpan> _rtts = [];

    private IcmpEcho(IpAddress? from, IpAddress to, TimeProvider time)
    {
        _time = time;
        _isIpv4 = to.Family == IpFamily.IPv4;
        Random.Shared.NextBytes(_nonce);
        _socket = new Socket(
            _isIpv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Raw,
            _isIpv4 ? ProtocolType.Icmp : ProtocolType.IcmpV6);
        try
        {
            if (from is { } source) _socket.Bind(ProbeSocket.EndOf(source, 0));
            _socket.Connect(ProbeSocket.EndOf(to, 0));
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends echo requests and waits for the replies, for a second behind the last at most.</summary>
    /// <param name="from">The source; null for the one that the route has.</param>
    /// <param name="to">The destination.</param>
    /// <param name="count">Number of requests.</param>
    /// <param name="time">Clock of the round trips.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="SocketException">CAP_NET_RAW is missing, or no route leads there.</exception>
    public static async Task<EchoResult> PingAsync(
        IpAddress? from, IpAddress to, int count, TimeProvider time, CancellationToken cancellation)
    {
        using IcmpEcho echo = new(from, to, time);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task receiving = echo.ReceiveAsync(count, ending.Token);
        for (int i = 0; i < count; i++)
        {
            await echo.SendAsync(i, cancellation);
            if (i + 1 < count) await Task.Delay(_interval, time, cancellation);
        }

        _ = await Task.WhenAny(receiving, Task.Delay(_patience, time, cancellation));
        await ending.CancelAsync();
        await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        return new EchoResult(count, [.. echo._rtts.Values]);
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAsync(int number, CancellationToken cancellation)
    {
        byte[] packet = new byte[IcmpHeader.Length + NonceLength];
        _nonce.CopyTo(packet, IcmpHeader.Length);
        byte type = _isIpv4 ? EchoRequest : EchoRequestV6;
        Write(0);

        // The checksum of ICMPv6 covers addresses, so the kernel fills it in.
        if (_isIpv4) Write(InternetChecksum.Finish(InternetChecksum.Sum(packet)));
        lock (_sent) _sent.Add(_time.GetTimestamp());
        try
        {
            _ = await _socket.SendAsync(packet, SocketFlags.None, cancellation);
        }
        catch (SocketException)
        {
            // An error that an earlier packet met, or a packet filter: lost, and counted so.
        }

        void Write(ushort checksum) => IcmpHeader.Write(packet, type, 0, checksum, _identifier, (ushort)number);
    }

    private async Task ReceiveAsync(int count, CancellationToken cancellation)
    {
        byte[] packet = new byte[LargestReply];
        for (int errors = 0; _rtts.Count < count && errors < MostErrors;)
        {
            try
            {
                int length = await _socket.ReceiveAsync(packet, SocketFlags.None, cancellation);
                Note(packet.AsSpan(0, length), _time.GetTimestamp());
            }
            catch (SocketException)
            {
                // An error that a packet met on its way: lost, and counted so.
                errors++;
            }
        }
    }

    private void Note(ReadOnlySpan<byte> packet, long now)
    {
        // An IPv4 raw socket hands over the IP header too.
        if (_isIpv4)
        {
            if (!Ipv4Header.TryParse(packet, out Ipv4Header ip)) return;
            packet = packet[ip.HeaderLength..];
        }

        if (!IcmpHeader.TryParse(packet, out IcmpHeader icmp) || icmp.Identifier != _identifier
            || icmp.Type != (_isIpv4 ? EchoReply : EchoReplyV6) || !icmp.Payload.SequenceEqual(_nonce)) return;
        lock (_sent)
        {
            if (icmp.SequenceNumber < _sent.Count)
                _ = _rtts.TryAdd(icmp.SequenceNumber, _time.GetElapsedTime(_sent[icmp.SequenceNumber], now));
        }
    }
}

/// <summary>Echoes sent, and the times of those that came back.</summary>
internal sealed record EchoResult(int Sent, IReadOnlyList<TimeSpan> Rtts);
