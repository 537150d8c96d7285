namespace Overlay.Lab.Topology;

/// <summary>Which IP versions a network speaks; chosen for the underlay and for the pods independently.</summary>
[Flags]
public enum AddressFamilies
{
    None = 0,
    V4 = 1,
    V6 = 2,
    Dual = V4 | V6,
}
