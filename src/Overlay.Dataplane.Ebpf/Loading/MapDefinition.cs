namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>The kind and size of a map (struct map_definition in Programs/tables.h).</summary>
/// <param name="Type">BPF_MAP_TYPE_*.</param>
/// <param name="KeySize">Bytes of a key.</param>
/// <param name="ValueSize">Bytes of a value; of a per-CPU map, of one processor's.</param>
/// <param name="MaxEntries">Most entries.</param>
/// <param name="Flags">BPF_F_*.</param>
public sealed record MapDefinition(uint Type, uint KeySize, uint ValueSize, uint MaxEntries, uint Flags)
{
    /// <summary>Bytes of the definition in an object.</summary>
    internal const int Length = 20;

    private const uint BPF_MAP_TYPE_PERCPU_ARRAY = 6;

    /// <summary>Each processor has a value of its own.</summary>
    public bool IsPerProcessor => Type == BPF_MAP_TYPE_PERCPU_ARRAY;
}
