using System.Runtime.InteropServices;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>A map of which keys and values are structs. Any thread may call; the map is lent.</summary>
/// <typeparam name="TKey">As the programs have it.</typeparam>
/// <typeparam name="TValue">As the programs have it.</typeparam>
public sealed class TypedMap<TKey, TValue>
    where TKey : unmanaged, IEquatable<TKey>
    where TValue : unmanaged, IEquatable<TValue>
{
    private readonly BpfMap _map;

    /// <exception cref="InvalidDataException">The object has other layouts than this code.</exception>
    public TypedMap(BpfMap map)
    {
        _map = map;
        Require(map.Name, "keys", map.Definition.KeySize, LengthOf<TKey>());
        Require(map.Name, "values", map.Definition.ValueSize, LengthOf<TValue>());
    }

    /// <summary>Reads a value; false where there is no such entry.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryLookup(in TKey key, out TValue value)
    {
        value = default;
        return _map.TryLookup(BytesOf(in key), MemoryMarshal.AsBytes(new Span<TValue>(ref value)));
    }

    /// <inheritdoc cref="BpfMap.Update"/>
    public void Update(in TKey key, in TValue value) => _map.Update(BytesOf(in key), BytesOf(in value));

    /// <inheritdoc cref="BpfMap.TryDelete"/>
    public bool TryDelete(in TKey key) => _map.TryDelete(BytesOf(in key));

    /// <summary>
    /// Reads the whole map. Entries that others change meanwhile may be missing, or there as they were.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public Dictionary<TKey, TValue> ReadAll()
    {
        Dictionary<TKey, TValue> entries = [];
        TKey next = default;
        bool hasNext = _map.TryNextKey(default, MemoryMarshal.AsBytes(new Span<TKey>(ref next)));

        // A key that was removed meanwhile leads to the first again.
        while (hasNext && !entries.ContainsKey(next))
        {
            TKey key = next;
            if (TryLookup(key, out TValue value)) entries.Add(key, value);
            hasNext = _map.TryNextKey(BytesOf(in key), MemoryMarshal.AsBytes(new Span<TKey>(ref next)));
        }

        return entries;
    }

    private static ReadOnlySpan<byte> BytesOf<T>(in T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));

    private static int LengthOf<T>()
        where T : unmanaged
    {
        T value = default;
        return BytesOf(in value).Length;
    }

    private static void Require(string map, string what, uint length, int own)
    {
        if (length != own)
            throw new InvalidDataException($"map {map} has {what} of {length} bytes, and this program of {own}");
    }
}
