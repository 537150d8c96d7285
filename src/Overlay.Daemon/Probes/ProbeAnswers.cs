using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>Decides which packets are questions that are answered, and makes the answers. Any thread may ask.</summary>
/// <param name="table">Names the peers.</param>
/// <param name="limit">Bounds the answers.</param>
/// <param name="counters">Counts what has no answer.</param>
internal sealed class ProbeAnswers(TablePublisher table, ProbeLimit limit, ProbeCounters counters)
{
    /// <summary>Turns a peer's question into its answer, in place.</summary>
    /// <returns>False for all else, which is counted and has no answer.</returns>
    public bool TryAnswer(Span<byte> packet, IpAddress source)
    {
        ProbeFate fate = Judge(packet, source);
        if (fate != ProbeFate.Answered)
        {
            counters.Count(fate);
            return false;
        }

        ProbePacket.MakeAnswer(packet);
        return true;
    }

    // The cheapest test first; an answer to an answer would go round for ever.
    private ProbeFate Judge(ReadOnlySpan<byte> packet, IpAddress source) =>
        !ProbePacket.TryRead(packet, out ProbePacket probe) || probe.Kind != ProbeKind.Question ? ProbeFate.Malformed
        : !PeerAddresses.Contains(table.Current, source) ? ProbeFate.Refused
        : !limit.TryTake() ? ProbeFate.Limited
        : ProbeFate.Answered;
}
