namespace Overlay.Wire.Captures;

/// <summary>The way of a captured packet, by the values of the option epb_flags.</summary>
public enum PacketWay
{
    /// <summary>The way is not known.</summary>
    Unknown,

    /// <summary>Received.</summary>
    In,

    /// <summary>Sent.</summary>
    Out,
}
