namespace Overlay.ControlPlane.Leases;

/// <summary>The state of a store. Immutable.</summary>
/// <param name="State">Whether the store answers.</param>
/// <param name="LastSync">
/// The last time that no change was missed: by a list, an event or a progress note; null before the first.
/// </param>
/// <param name="Revision">Its revision then, as it names it; null where it has none.</param>
public sealed record StoreStatus(StoreState State, DateTimeOffset? LastSync, string? Revision)
{
    /// <summary>Before the first answer.</summary>
    public static StoreStatus Initial { get; } = new(StoreState.Connecting, null, null);
}

/// <summary>Whether a store answers.</summary>
public enum StoreState
{
    /// <summary>The store has not answered yet.</summary>
    Connecting,

    /// <summary>The store answers; changes are seen as they happen.</summary>
    Connected,

    /// <summary>The store answered once and does not now: the known leases may be old.</summary>
    Disconnected,
}
