using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Options;

/// <summary>How this host's packets are worked on; nothing of it is seen from outside.</summary>
internal sealed record DataplaneOptions
{
    /// <summary>Most queues of a network: so many descriptors go into one message of a hand-over.</summary>
    public const int MostQueues = 64;

    /// <summary>Where packets are forwarded.</summary>
    public required Tier Tier { get; init; }

    /// <summary>
    /// Directories of which the first in a bpffs is taken: what the kernel forwards by outlives the daemon there.
    /// </summary>
    public required IReadOnlyList<string> PinDirectories { get; init; }

    /// <summary>Pairs of workers, one for each direction; 0 for what suits the host's processors.</summary>
    public required int Queues { get; init; }

    /// <summary>How long a busy worker looks for more before it sleeps; zero for not at all.</summary>
    /// <remarks>
    /// By measurement, one TCP ping-pong between two pods on two processors: p50 130 us with 0, 94 us with 20 and 46 us
    /// with 50, where the kernel's VXLAN takes 71 us; CPU for each round trip 112, 134 and 98 us. Bulk TCP is as it
    /// was.
    /// </remarks>
    public required TimeSpan BusyPoll { get; init; }

    /// <summary>Each pair of workers stays on one processor.</summary>
    public required bool PinWorkers { get; init; }

    /// <summary>
    /// Frames from an address that no peer has are taken as those of the one peer that their inner source and MAC fit.
    /// </summary>
    public required bool LearnSenders { get; init; }

    /// <summary>What to use where the kernel has it.</summary>
    public required Offloads Offloads { get; init; }
}
