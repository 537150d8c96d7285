using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>The network, device and underlay that a tier is made for.</summary>
/// <param name="Vni">The network.</param>
/// <param name="TunIndex">Interface index of the network's TUN.</param>
/// <param name="Underlay">As it is now; <see cref="EbpfTier.SetUnderlay"/> changes it.</param>
public sealed record EbpfTierOptions(Vni Vni, int TunIndex, UnderlayFacts Underlay)
{
    /// <summary>
    /// A directory of the tier's own in a bpffs, where maps and links outlive this process; null: they end with it.
    /// </summary>
    public string? PinDirectory { get; init; }

    /// <summary>
    /// IPv4 peers are reached by headers that the program writes; else all packets leave by the vxlan device. Needs
    /// <see cref="Probing.ProbeResult.HasDirectEgress"/>.
    /// </summary>
    public bool HasDirectEgress { get; init; } = true;

    /// <summary>Programs are attached by TCX links where the kernel has them; else as filters of clsact.</summary>
    public bool HasLinks { get; init; } = true;
}
