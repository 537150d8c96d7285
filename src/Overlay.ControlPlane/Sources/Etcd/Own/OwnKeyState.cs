namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>How a node's own key is found.</summary>
internal enum OwnKeyState
{
    /// <summary>There is none.</summary>
    Absent,

    /// <summary>It is there, and nobody else's.</summary>
    Own,

    /// <summary>It is another node's by now.</summary>
    Lost,

    /// <summary>Another daemon writes to it under this node's address.</summary>
    Contested,
}
