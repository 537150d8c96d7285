namespace Overlay.Daemon.Options;

/// <summary>What becomes of a daemon when another one is started for its node.</summary>
internal enum HandOver
{
    /// <summary>It gives the node to the other one, and ends.</summary>
    Exit,

    /// <summary>It gives the node to the other one, and waits for the signal to stop.</summary>
    Wait,

    /// <summary>It keeps the node, and the other one is refused.</summary>
    Off,
}
