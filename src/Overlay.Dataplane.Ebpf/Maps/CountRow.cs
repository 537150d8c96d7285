namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>Rows of map ov_cnt (COUNT_* in Programs/tables.h). Before them are the drop reasons of ingress.</summary>
public enum CountRow : uint
{
    /// <summary>Row of <see cref="Packets.DropReason.None"/>: accepted.</summary>
    Ingress = 0,
    EgressDirect = 32,
    EgressDevice = 33,
    EgressFailed = 34,
    Shortcut = 35,
    Bridged = 36,
}
