namespace Overlay.Dataplane;

/// <summary>A fixed number of packet buffers in one pinned array, filled by a device, changed in place, emptied by another.</summary>
/// <remarks>Belongs to one worker. Nothing is copied between read and write; headers move into the headroom.</remarks>
public sealed class PacketBatch
{
    /// <summary>Bytes before a packet as read: room for VXLAN (8) and Ethernet (14), or for a virtio-net header (10).</summary>
    public const int Headroom = 32;

    /// <summary>Bytes of one buffer: the largest IP packet or UDP payload (65,535), its headroom, rounded up to cache lines.</summary>
    public const int SlotSize = 65_536 + 64;

    private readonly byte[] _memory;
    private readonly PacketSlot[] _slots;

    /// <param name="capacity">Packets it holds; each costs <see cref="SlotSize"/> bytes of address space, less of memory.</param>
    public PacketBatch(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _memory = GC.AllocateUninitializedArray<byte>(capacity * SlotSize, pinned: true);
        _slots = new PacketSlot[capacity];
    }

    public int Capacity => _slots.Length;

    /// <summary>Slots in use, from the first.</summary>
    public int Count { get; set; }

    /// <summary>The pinned memory of all slots, for devices that hand its address to the kernel.</summary>
    public byte[] Memory => _memory;

    public ref PacketSlot this[int index] => ref _slots[index];

    /// <summary>Where a slot's buffer begins in <see cref="Memory"/>.</summary>
    public static int StartOf(int index) => index * SlotSize;

    /// <summary>The whole buffer of a slot.</summary>
    public Span<byte> Buffer(int index) => _memory.AsSpan(StartOf(index), SlotSize);

    /// <summary>The packet in a slot: <see cref="PacketSlot.Length"/> bytes from <see cref="PacketSlot.Offset"/>.</summary>
    public Span<byte> Packet(int index) =>
        _memory.AsSpan(StartOf(index) + _slots[index].Offset, _slots[index].Length);
}
