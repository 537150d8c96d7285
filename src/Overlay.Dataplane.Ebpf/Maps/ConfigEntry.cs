using System.Runtime.InteropServices;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>Duties of the programs (SWITCH_* in Programs/tables.h).</summary>
[Flags]
public enum TierSwitches : uint
{
    None = 0,

    /// <summary>The table has this node's own end of the tunnels; without it no program takes a packet.</summary>
    Forward = 1,

    /// <summary>IPv4 peers are reached by headers of the program's own, not by the vxlan device.</summary>
    Direct = 2,

    /// <summary>Single frames that are not TCP are taken on the underlay's device, before the kernel's UDP.</summary>
    Shortcut = 4,

    /// <summary>Datagrams to our port are handed to the vxlan device on the bridge port.</summary>
    Bridge = 8,
}

/// <summary>
/// The value of map ov_cfg (struct config in Programs/tables.h). Host byte order but for addresses and ports.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public record struct ConfigEntry
{
    /// <summary>Version of all layouts: CONFIG_ABI in Programs/tables.h.</summary>
    public const uint CurrentAbi = 1;

    /// <summary><see cref="CurrentAbi"/> of whoever wrote it; programs of another version take no packet.</summary>
    public uint Abi { get; set; }

    public TierSwitches Switches { get; set; }

    /// <summary>Interface index of the underlay.</summary>
    public int UnderlayIndex { get; set; }

    /// <summary>Interface index of the TUN.</summary>
    public int TunIndex { get; set; }

    /// <summary>Interface index of the vxlan device; 0 for none.</summary>
    public int VxlanIndex { get; set; }

    /// <summary>Bytes of the largest packet that the underlay takes.</summary>
    public uint UnderlayMtu { get; set; }

    public uint Vni { get; set; }

    /// <summary>Source of outer IPv4 packets; zero for none.</summary>
    public Ipv4Bytes VtepV4 { get; set; }

    /// <summary>UDP port in network byte order.</summary>
    public ushort Port { get; set; }

    /// <summary>UDP port in network byte order; 0 for none.</summary>
    public ushort BridgePort { get; set; }

    /// <summary>Source of outer IPv6 packets; zero for none.</summary>
    public AddressBytes VtepV6 { get; set; }

    /// <summary>Source of inner frames that are sent, destination of those that are accepted.</summary>
    public MacBytes Mac { get; set; }

    /// <summary>Destination of inner frames that are accepted too.</summary>
    public MacBytes MacV6 { get; set; }
}
