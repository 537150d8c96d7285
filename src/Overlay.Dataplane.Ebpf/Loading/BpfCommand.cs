namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>Commands of bpf(2) (include/uapi/linux/bpf.h, enum bpf_cmd).</summary>
internal enum BpfCommand
{
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    MapGetNextKey = 4,
    ProgramLoad = 5,
    ObjectPin = 6,
    ObjectGet = 7,
    ProgramTestRun = 10,
    ObjectGetInfo = 15,
    LinkCreate = 28,
    LinkUpdate = 29,
}
