using Microsoft.Extensions.Logging;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>Answers the probes of peers at this node's inner addresses, for as long as its network stands.</summary>
internal sealed class ProbeResponder : IDisposable
{
    private readonly IReadOnlyList<AnsweringSocket> _sockets;

    /// <summary>Begins to answer.</summary>
    /// <param name="addresses">This node's inner addresses, which the device has.</param>
    /// <param name="table">Names the peers, who alone are answered.</param>
    /// <param name="counters">Counts the probes.</param>
    /// <param name="problems">Gets a port that cannot be had.</param>
    /// <param name="logger">Logs the addresses.</param>
    public ProbeResponder(
        IEnumerable<IpAddress> addresses, TablePublisher table, ProbeCounters counters, ProblemBoard problems,
        ILogger<ProbeResponder> logger)
    {
        ProbeAnswers answers = new(table, new ProbeLimit(ProbeLimit.MostAnswers, TimeProvider.System), counters);
        _sockets =
            [.. addresses.Select(address => new AnsweringSocket(address, answers, counters, problems, logger))];
        foreach (AnsweringSocket socket in _sockets) socket.Start();
    }

    /// <summary>Ends all answers. May be called again.</summary>
    public void Dispose()
    {
        foreach (AnsweringSocket socket in _sockets) socket.Dispose();
    }
}
