namespace Overlay.ControlPlane.Leases;

/// <summary>How it goes with a store. Immutable.</summary>
/// <param name="State">Whether it answers.</param>
/// <param name="LastSync">When it was last known that nothing was missed: a list, an event, a progress note; null before the first.</param>
/// <param name="Revision">Its revision then, as it names it; null where it has none.</param>
public sealed record StoreStatus(StoreState State, DateTimeOffset? LastSync, string? Revision)
{
    /// <summary>Before the first answer.</summary>
    public static StoreStatus Initial { get; } = new(StoreState.Connecting, null, null);
}

/// <summary>Whether a store answers.</summary>
public enum StoreState
{
    /// <summary>It has not answered yet.</summary>
    Connecting,

    /// <summary>It answers; changes are seen as they happen.</summary>
    Connected,

    /// <summary>It answered once and does not now: what is known may be old.</summary>
    Disconnected,
}
