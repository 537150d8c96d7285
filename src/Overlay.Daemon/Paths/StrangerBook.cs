using Overlay.ControlPlane.Reconciliation;
using Overlay.Daemon.Problems;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Paths;

/// <summary>
/// The addresses that have sent frames lately and whose frames are dropped, with the reason: a bounded record.
/// </summary>
/// <remarks>One thread at a time changes it; any thread reads <see cref="Findings"/>.</remarks>
/// <param name="time">Clock of what is forgotten.</param>
internal sealed class StrangerBook(TimeProvider time)
{
    private const int MostAddresses = 64;

    /// <summary>How long after its last frame an address is named.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(2);

    /// <summary>How long an address has to go on sending before it is named.</summary>
    /// <remarks>A node that stops withdraws its lease first; its last frames come from an address without one.</remarks>
    public static readonly TimeSpan Persistence = TimeSpan.FromSeconds(3);

    // Frames of one address may differ in what they say: each text is a line in the log, so it stands for a while.
    private static readonly TimeSpan _standing = TimeSpan.FromMinutes(1);

    private readonly Dictionary<IpAddress, Entry> _entries = [];
    private string[] _texts = [];

    /// <summary>Each address that is named, and who it seems to be.</summary>
    public IReadOnlyList<SenderFinding> Findings { get; private set; } = [];

    /// <summary>Notes what a frame has shown; null and one without a reason have nothing to be said of them.</summary>
    public void Note(IpAddress address, SenderFinding? finding)
    {
        long now = time.GetTimestamp();
        if (finding?.Reason is null) _ = _entries.Remove(address);
        else if (!_entries.TryGetValue(address, out Entry? entry))
        {
            if (_entries.Count < MostAddresses) _entries[address] = new Entry(finding, now, now, now);
        }
        else
            _entries[address] = time.GetElapsedTime(entry.Since) < _standing
                ? entry with { Seen = now }
                : new Entry(finding, entry.First, now, now);
    }

    /// <summary>Forgets addresses that send no more.</summary>
    /// <param name="texts">A sentence for each address that is left, with what to do.</param>
    /// <returns>False when they are the same as before.</returns>
    public bool TryRefresh(out IReadOnlyList<string> texts)
    {
        foreach ((IpAddress address, Entry entry) in _entries)
        {
            if (time.GetElapsedTime(entry.Seen) >= Memory) _ = _entries.Remove(address);
        }

        Findings =
        [
            .. _entries.Values.Where(entry => time.GetElapsedTime(entry.First, entry.Seen) >= Persistence)
                .Select(static entry => entry.Finding),
        ];
        string[] before = _texts;
        texts = _texts = ShortList.Of(
            Findings.Select(Describe),
            "other addresses that no peer has send frames for this node too: see UnknownVtep in overlayctl counters");
        return !_texts.SequenceEqual(before);
    }

    private static string Describe(SenderFinding finding) =>
        $"{finding.Address} sends frames for this node{(finding.Node is { } node ? $" as node {node} does" : "")}, and "
        + $"no peer has that address: they are dropped (UnknownVtep), as {finding.Reason}; "
        + (finding.Node is null
            ? "is it a node without a lease here, or one behind NAT?"
            : "let that node's lease have the address it sends from (flannel: --public-ip, or an update to 0.27.4)");

    /// <summary>An address: its finding, its first frame, since when it is named, its last frame.</summary>
    private sealed record Entry(SenderFinding Finding, long First, long Since, long Seen);
}
