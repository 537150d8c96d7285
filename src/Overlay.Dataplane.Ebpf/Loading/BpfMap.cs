using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// A map in the kernel, by bytes. It lives while a descriptor, a program or a pin holds it. Any thread may call.
/// </summary>
public sealed unsafe class BpfMap : IDisposable
{
    private const int InfoLength = 24;

    private readonly FileDescriptor _map;

    private BpfMap(FileDescriptor map, string name, MapDefinition definition)
    {
        _map = map;
        Name = name;
        Definition = definition;
        ValueLength = definition.IsPerProcessor
            ? ((int)definition.ValueSize + 7) / 8 * 8 * Processors.Possible
            : (int)definition.ValueSize;
    }

    public string Name { get; }

    public MapDefinition Definition { get; }

    /// <summary>Bytes of a value as it is read and written: of a per-CPU map, those of all processors.</summary>
    public int ValueLength { get; }

    internal FileDescriptor Descriptor => _map;

    /// <summary>Makes a map.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="definition">What it is made from.</param>
    /// <exception cref="LinuxException">
    /// EPERM: CAP_BPF is missing, or before Linux 5.11 RLIMIT_MEMLOCK is too small.
    /// </exception>
    public static BpfMap Create(string name, MapDefinition definition)
    {
        BpfAttributes attributes = default;
        attributes.Set(0, definition.Type);
        attributes.Set(4, definition.KeySize);
        attributes.Set(8, definition.ValueSize);
        attributes.Set(12, definition.MaxEntries);
        attributes.Set(16, definition.Flags);
        attributes.SetName(28, name);
        int descriptor = BpfCall.Require(BpfCommand.MapCreate, attributes, "BPF_MAP_CREATE", $"map {name}");
        return new BpfMap(new FileDescriptor(descriptor), name, definition);
    }

    /// <summary>Opens a pinned map; null where nothing is pinned there, or a map of another definition.</summary>
    /// <exception cref="LinuxException">The path may not be opened.</exception>
    public static BpfMap? Open(string name, MapDefinition definition, string path)
    {
        if (BpfCall.Open(path) is not { } descriptor) return null;
        Span<byte> info = stackalloc byte[InfoLength];
        info.Clear();
        try
        {
            // struct bpf_map_info: type, id, key_size, value_size, max_entries, map_flags.
            BpfCall.ReadInfo(descriptor, info, path);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }

        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(info);
        if (new MapDefinition(words[0], words[2], words[3], words[4], words[5]) == definition)
            return new BpfMap(descriptor, name, definition);
        descriptor.Dispose();
        return null;
    }

    /// <summary>Reads a value; false where there is no such entry.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryLookup(ReadOnlySpan<byte> key, Span<byte> value) =>
        Invoke(BpfCommand.MapLookup, key, value, "BPF_MAP_LOOKUP_ELEM");

    /// <summary>Writes a value, be there an entry or not. A program sees the former or the new one whole.</summary>
    /// <exception cref="LinuxException">The map is full (E2BIG, ENOSPC), or the kernel refused.</exception>
    public void Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // The kernel only reads it.
        Span<byte> bytes = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(value), value.Length);
        if (!Invoke(BpfCommand.MapUpdate, key, bytes, "BPF_MAP_UPDATE_ELEM"))
            throw new LinuxException("bpf BPF_MAP_UPDATE_ELEM", $"map {Name}", Errno.ENOENT);
    }

    /// <summary>Removes an entry; false where there is none.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryDelete(ReadOnlySpan<byte> key) => Invoke(BpfCommand.MapDelete, key, default, "BPF_MAP_DELETE_ELEM");

    /// <summary>Finds the key behind another one, or the first; false at the end.</summary>
    /// <param name="key">Empty for the first. One that is gone leads to the first again.</param>
    /// <param name="next">Gets the key.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryNextKey(ReadOnlySpan<byte> key, Span<byte> next) =>
        Invoke(BpfCommand.MapGetNextKey, key, next, "BPF_MAP_GET_NEXT_KEY");

    /// <summary>Pins the map, so that it outlives this process.</summary>
    /// <exception cref="LinuxException">The path is on no bpffs, is taken, or may not be written.</exception>
    public void Pin(string path) => BpfCall.Pin(_map, path);

    public void Dispose() => _map.Dispose();

    private bool Invoke(BpfCommand command, ReadOnlySpan<byte> key, Span<byte> value, string call)
    {
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            BpfAttributes attributes = default;
            attributes.Set(0, (int)_map.DangerousGetHandle());
            attributes.SetPointer(8, keyBytes);
            attributes.SetPointer(16, valueBytes);
            if (BpfCall.Invoke(command, attributes) >= 0) return true;
        }

        LinuxException failure = LinuxException.Last($"bpf {call}", $"map {Name}");
        return failure.Errno == Errno.ENOENT ? false : throw failure;
    }
}
