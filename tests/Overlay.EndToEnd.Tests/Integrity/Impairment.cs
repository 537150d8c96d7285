namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>What an underlay does to the frames that carry VXLAN. Shares are from 0 to 1.</summary>
internal sealed record Impairment
{
    /// <summary>An underlay that passes every frame at once, as it is.</summary>
    public static Impairment None { get; } = new();

    /// <summary>Of the dice: frames that come in the same order meet the same.</summary>
    public int Seed { get; init; }

    public double Loss { get; init; }

    /// <summary>Frames that pass twice; each copy has a delay of its own.</summary>
    public double Duplication { get; init; }

    /// <summary>How long every frame takes at least.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Frames that take up to <see cref="Jitter"/> longer: those behind them overtake them.</summary>
    public double Late { get; init; }

    public TimeSpan Jitter { get; init; }

    /// <summary>Frames in which a few neighbouring bits are flipped.</summary>
    public double Damage { get; init; }

    /// <summary>
    /// Outer UDP checksums over IPv4 are set to zero, as kernels send that were not asked for any: then the inner
    /// checksums are all that covers an inner packet.
    /// </summary>
    public bool ClearsOuterChecksums { get; init; }
}
