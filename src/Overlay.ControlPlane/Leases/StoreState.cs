namespace Overlay.ControlPlane.Leases;

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
