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

/// <summary>Why a watch of a store ended, and another one was begun.</summary>
public enum WatchEnd
{
    /// <summary>The watch ended without an error, by the store or after a long silence, and nothing was lost.</summary>
    Ended,

    /// <summary>The store no longer has the changes from there on: all leases are read again.</summary>
    Gone,

    /// <summary>The connection broke, or the store refused.</summary>
    Failed,
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
