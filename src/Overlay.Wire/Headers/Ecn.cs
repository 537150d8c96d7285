namespace Overlay.Wire.Headers;

/// <summary>
/// Explicit Congestion Notification: the low two bits of the IPv4 TOS or IPv6 Traffic Class byte (RFC 3168 section 5).
/// </summary>
public enum Ecn : byte
{
    NotEct = 0,
    Ect1 = 1,
    Ect0 = 2,
    Ce = 3,
}
