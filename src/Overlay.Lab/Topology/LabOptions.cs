using System.Text.RegularExpressions;

namespace Overlay.Lab.Topology;

/// <summary>What a lab is made of. Every default is a small dual-stack cluster.</summary>
public sealed partial record LabOptions
{
    /// <summary>Part of every namespace name and of the directory: lower-case letters and digits.</summary>
    public string Name { get; init; } = "lab";

    public int Nodes { get; init; } = 2;

    public int PodsPerNode { get; init; } = 1;

    public AddressFamilies Underlay { get; init; } = AddressFamilies.Dual;

    public AddressFamilies Inner { get; init; } = AddressFamilies.Dual;

    public int UnderlayMtu { get; init; } = 1500;

    /// <summary>Two nodes with one cable between their eth0, no switch: for measuring nothing but the nodes.</summary>
    public bool DirectCable { get; init; }

    /// <summary>
    /// Dataplane:Tier of all daemons: UserSpace, Ebpf or Auto. Variable LAB_TIER has the one of those that name none.
    /// </summary>
    public string Tier { get; init; } =
        Environment.GetEnvironmentVariable("LAB_TIER") is { Length: > 0 } tier ? tier : UserSpace;

    /// <summary>The tier of the daemon's own workers.</summary>
    public const string UserSpace = "UserSpace";

    /// <summary>0 = what is left of the underlay MTU after encapsulation.</summary>
    public int PodMtu { get; init; }

    public int Vni { get; init; } = 1;

    public int Port { get; init; } = 8472;

    /// <summary>The pod MTU in effect: VXLAN costs 50 bytes over IPv4 and 70 over IPv6.</summary>
    public int EffectivePodMtu => PodMtu != 0 ? PodMtu : UnderlayMtu - (TravelsOverV6 ? 70 : 50);

    // IPv6 pods use the IPv6 underlay wherever there is one, as flannel's second device does.
    private bool TravelsOverV6 =>
        Underlay.HasFlag(AddressFamilies.V6)
        && (Inner.HasFlag(AddressFamilies.V6) || !Underlay.HasFlag(AddressFamilies.V4));

    internal void Validate()
    {
        Require(ValidName().IsMatch(Name), nameof(Name), Name, "1 to 20 lower-case letters and digits");
        Require(Nodes is >= 1 and <= 26, nameof(Nodes), Nodes, "1 to 26: nodes are named a to z");
        Require(!DirectCable || Nodes == 2, nameof(Nodes), Nodes, "2 with a direct cable");
        Require(PodsPerNode is >= 0 and <= 90, nameof(PodsPerNode), PodsPerNode, "0 to 90");
        Require(Underlay is > 0 and <= AddressFamilies.Dual, nameof(Underlay), Underlay, "V4, V6 or Dual");
        Require(Inner is > 0 and <= AddressFamilies.Dual, nameof(Inner), Inner, "V4, V6 or Dual");
        Require(UnderlayMtu is >= 1280 and <= 65535, nameof(UnderlayMtu), UnderlayMtu, "1280 to 65535");
        Require(PodMtu is 0 or (>= 576 and <= 65535), nameof(PodMtu), PodMtu, "0, or 576 to 65535");
        Require(Vni is >= 1 and <= 0xffffff, nameof(Vni), Vni, "1 to 16777215");
        Require(Port is >= 1 and <= 65535, nameof(Port), Port, "1 to 65535");
    }

    private static void Require(bool sound, string option, object value, string allowed)
    {
        if (!sound)
        {
            throw new LabException($"{nameof(LabOptions)}.{option} = {value}: must be {allowed}");
        }
    }

    [GeneratedRegex("^[a-z0-9]{1,20}$")]
    private static partial Regex ValidName();
}
