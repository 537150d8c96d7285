using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Problems;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>Answers probes at one inner address of this node, on a thread of its own.</summary>
/// <param name="address">The inner address, which the device has.</param>
/// <param name="answers">Decides what is answered.</param>
/// <param name="counters">Counts the answers.</param>
/// <param name="problems">Gets a port that cannot be had.</param>
/// <param name="logger">Logs that probes are answered.</param>
internal sealed class AnsweringSocket(
    IpAddress address, ProbeAnswers answers, ProbeCounters counters, ProblemBoard problems, ILogger logger)
    : IDisposable
{
    private const string Part = "the answers to probes";
    private const int LargestPacket = 65_535;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    private readonly string _key = $"probes at {address}";
    private readonly byte[] _packet = new byte[LargestPacket];
    private readonly ManualResetEventSlim _ending = new();
    private readonly Lock _gate = new();
    private GuardedThread? _thread;
    private Socket? _socket;

    public void Start()
    {
        _thread = new GuardedThread("probe-answers", Part, problems.Guard, Round);
        _thread.Start();
    }

    /// <summary>Closes the socket, which ends the wait for the next probe, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ending.IsSet) return;
            _ending.Set();
            _socket?.Dispose();
        }

        _thread?.Dispose();
        problems.Report(_key, ProblemSeverity.Warning);
        _ending.Dispose();
    }

    private bool Round()
    {
        Socket? socket = _socket ?? Open();
        if (socket is null) return !_ending.Wait(_retryAfter);
        EndPoint source = ProbeSocket.EndOf(address, 0);
        try
        {
            int length = socket.ReceiveFrom(_packet, ref source);
            if (answers.TryAnswer(_packet.AsSpan(0, length), ProbeSocket.AddressOf(source)))
                Send(socket, length, source);
            return true;
        }
        catch (Exception exception)
            when (exception is SocketException or ObjectDisposedException && _ending.IsSet)
        {
            return false;
        }
    }

    // An answer is sent once: the asker takes a lost one for lost.
    private void Send(Socket socket, int length, EndPoint source)
    {
        try
        {
            _ = socket.SendTo(_packet, 0, length, SocketFlags.None, source);
            counters.Count(ProbeFate.Answered);
        }
        catch (SocketException) when (!_ending.IsSet)
        {
            counters.Count(ProbeFate.Unsent);
        }
    }

    private Socket? Open()
    {
        try
        {
            lock (_gate) return _ending.IsSet ? null : Bound();
        }
        catch (SocketException exception)
        {
            problems.Report(
                _key, ProblemSeverity.Warning,
                $"overlayctl ping of other nodes gets no answer from here: UDP port {ProbePacket.Port} of {address} "
                + $"cannot be had: {exception.Message}; it is tried again; who has it: ss -lunp sport = "
                + $":{ProbePacket.Port}");
            return null;
        }
    }

    private Socket Bound()
    {
        _socket = ProbeSocket.Bind(address, ProbePacket.Port);
        problems.Report(_key, ProblemSeverity.Warning);
        logger.AnswersProbes(address, ProbePacket.Port);
        return _socket;
    }
}
