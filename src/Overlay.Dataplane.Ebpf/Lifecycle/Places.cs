using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>Where the programs of a network are attached.</summary>
/// <param name="vni">The network; several may have programs on one underlay.</param>
/// <param name="pinDirectory">The network's own, or null.</param>
internal sealed class Places(Vni vni, string? pinDirectory)
{
    public const string EgressProgram = "ov_egress";
    public const string IngressProgram = "ov_vx";
    public const string UnderlayProgram = "ov_ingress";

    /// <summary>On the TUN.</summary>
    public Place Egress(int linkIndex) => Of(EgressProgram, linkIndex, Hook.Egress);

    /// <summary>Behind the vxlan device.</summary>
    public Place Ingress(int linkIndex) => Of(IngressProgram, linkIndex, Hook.Ingress);

    /// <summary>Behind the vxlan device of a handover, which ends with the process.</summary>
    public Place Bridge(int linkIndex) => Ingress(linkIndex) with { Pin = null };

    /// <summary>On the underlay's device.</summary>
    public Place Underlay(int linkIndex) => Of(UnderlayProgram, linkIndex, Hook.Ingress);

    private Place Of(string program, int linkIndex, Hook hook) => new(
        linkIndex, hook, vni.Value + 1, pinDirectory is null ? null : PinPaths.Link(pinDirectory, program));
}
