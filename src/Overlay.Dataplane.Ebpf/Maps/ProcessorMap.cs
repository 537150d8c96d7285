using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>
/// An array with a value for each processor, of which rows are read summed. Not thread-safe; the map is lent.
/// </summary>
/// <typeparam name="TValue">A multiple of 8 bytes, all of them counters of 64 bits.</typeparam>
public sealed class ProcessorMap<TValue>
    where TValue : unmanaged
{
    private readonly BpfMap _map;
    private readonly byte[] _values;

    /// <exception cref="InvalidDataException">The object has another layout than this code.</exception>
    public ProcessorMap(BpfMap map)
    {
        _map = map;
        _values = new byte[map.ValueLength];
        if (map.Definition.ValueSize != Unsafe.SizeOf<TValue>() || map.Definition.KeySize != sizeof(uint))
            throw new InvalidDataException($"map {map.Name} has another layout than this program");
    }

    /// <summary>Rows.</summary>
    public int Count => (int)_map.Definition.MaxEntries;

    /// <summary>The sum over all processors, each counter by itself.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public TValue Sum(uint row)
    {
        TValue sum = default;
        if (!_map.TryLookup(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in row)), _values)) return sum;
        Span<long> counters = MemoryMarshal.Cast<TValue, long>(new Span<TValue>(ref sum));
        ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>((ReadOnlySpan<byte>)_values);
        for (int i = 0; i < values.Length; i++) counters[i % counters.Length] += values[i];
        return sum;
    }

    /// <summary>Sets all processors' values to zero: what a program adds at that moment may be lost.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Clear(uint row)
    {
        Array.Clear(_values);
        _map.Update(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in row)), _values);
    }
}
