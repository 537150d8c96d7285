using Overlay.Linux;

namespace Overlay.Daemon;

/// <summary>How this host's packets are worked on; nothing of it is seen from outside.</summary>
public sealed record DataplaneOptions
{
    /// <summary>Pairs of workers, one for each direction; 0 for what suits the host's processors.</summary>
    public required int Queues { get; init; }

    /// <summary>How long a worker looks for more before it sleeps; zero for not at all.</summary>
    public required TimeSpan BusyPoll { get; init; }

    /// <summary>Each pair of workers stays on one processor.</summary>
    public required bool PinWorkers { get; init; }

    /// <summary>What to use where the kernel has it.</summary>
    public required Offloads Offloads { get; init; }
}
