using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// A batch's slots by source port, each port's in the order they came: one chain a port, made anew for every batch.
/// </summary>
internal sealed class PortBuckets
{
    // By port: the ends of its chain. By slot: the next one in its chain.
    private readonly int[] _first;
    private readonly int[] _last;
    private readonly int[] _used;
    private int[] _next = [];

    public PortBuckets(int ports)
    {
        _first = new int[ports];
        _last = new int[ports];
        _used = new int[ports];
        Array.Fill(_first, PacketSlot.None);
    }

    /// <summary>Ports that have slots.</summary>
    public int Count { get; private set; }

    /// <summary>Makes room for a batch of that many slots; allocates only where no earlier batch had as many.</summary>
    public void Reserve(int slots)
    {
        if (_next.Length < slots) _next = new int[slots];
    }

    public void Add(int port, int slot)
    {
        if (_first[port] == PacketSlot.None)
        {
            _first[port] = slot;
            _used[Count++] = port;
        }
        else _next[_last[port]] = slot;

        _last[port] = slot;
        _next[slot] = PacketSlot.None;
    }

    /// <summary>
    /// Takes the chain of one of the ports that have slots; all have to be taken before <see cref="Clear"/>.
    /// </summary>
    /// <returns>Its first slot.</returns>
    public int Take(int index, out int port)
    {
        port = _used[index];
        int first = _first[port];
        _first[port] = PacketSlot.None;
        return first;
    }

    /// <summary>The slot behind that one, or <see cref="PacketSlot.None"/>.</summary>
    public int Next(int slot) => _next[slot];

    public void Clear() => Count = 0;
}
