namespace Overlay.Dataplane.Packets;

/// <summary>
/// Buffers that a device fills, and the packets made of what it filled in: changed in place, emptied by another device.
/// </summary>
/// <remarks>
/// Belongs to one worker. A payload is never copied between read and write: headers move into the headroom, or, where
/// one buffer becomes many packets, into an area of their own. All memory is one pinned array, so that every piece of
/// a packet is an offset into it.
/// </remarks>
public sealed class PacketBatch
{
    /// <summary>
    /// Bytes before a packet as read: room for VXLAN (8) and Ethernet (14), or for a virtio-net header (10).
    /// </summary>
    public const int Headroom = 32;

    /// <summary>
    /// Bytes of one buffer: the largest IP packet or UDP payload (65,535), its headroom, rounded up to cache lines.
    /// </summary>
    public const int BufferSize = 65_536 + 64;

    /// <summary>A device that has filled this many bytes hands the batch over, full or not.</summary>
    /// <remarks>
    /// By measurement, one and four TCP streams between two pods in Gbit/s: 9.6 with 32 KB, 10.4 with 128 KB, 12.0 and
    /// 10.4 with 256 KB, 10.0-15 and 10.9 with 512 KB, 11.9 and 11.3 with 1 MB. Fewer wake-ups are worth more than what
    /// stays in the CPU's caches.
    /// </remarks>
    public const int EnoughBytes = 512 * 1024;

    // A train and a UDP super-packet have at most 128 segments each (UDP_MAX_SEGMENTS); a TCP super-packet what its MSS
    // makes of 64 KB: 1,820 at the smallest one Linux uses, 36 bytes, and EnoughBytes lets in no more than nine of
    // those.
    private const int SlotsPerBuffer = 256;
    private const int HeaderBytes = 2 * 1024 * 1024;

    private readonly byte[] _memory;
    private readonly ReceivedBuffer[] _received;
    private readonly PacketSlot[] _slots;
    private readonly int _headersStart;
    private int _headersUsed;

    /// <param name="capacity">
    /// Buffers it has; each costs <see cref="BufferSize"/> bytes of address space, less of memory.
    /// </param>
    public PacketBatch(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _headersStart = capacity * BufferSize;
        _memory = GC.AllocateUninitializedArray<byte>(_headersStart + HeaderBytes, pinned: true);
        _received = new ReceivedBuffer[capacity];
        _slots = new PacketSlot[Math.Max(capacity, 32) * SlotsPerBuffer];
    }

    /// <summary>Buffers.</summary>
    public int Capacity => _received.Length;

    /// <summary>Buffers filled, from the first.</summary>
    public int ReceivedCount { get; private set; }

    /// <summary>Packets, from the first.</summary>
    public int Count { get; private set; }

    /// <summary>Ingress: a buffer from an address that no peer has, or <see cref="PacketSlot.None"/>.</summary>
    public int UnknownSender { get; set; } = PacketSlot.None;

    /// <summary>Slots.</summary>
    public int SlotCapacity => _slots.Length;

    /// <summary>Slots that are still free when each buffer left after <paramref name="index"/> takes one.</summary>
    public int SpareSlots(int index) => _slots.Length - Count - (ReceivedCount - 1 - index);

    /// <summary>The pinned memory of all packets, for devices that hand its address to the kernel.</summary>
    public byte[] Memory => _memory;

    public ref PacketSlot this[int index] => ref _slots[index];

    /// <summary>Where a device has to put what it receives into a buffer.</summary>
    public static int StartOf(int index) => (index * BufferSize) + Headroom;

    /// <summary>What a device put into that buffer.</summary>
    public ref ReceivedBuffer Received(int index) => ref _received[index];

    /// <summary>The bytes a device put into that buffer.</summary>
    public Span<byte> ReceivedBytes(int index) => _memory.AsSpan(StartOf(index), _received[index].Length);

    /// <summary>A slot's first piece, which for most packets is all of it.</summary>
    public Span<byte> Packet(int index) => _memory.AsSpan(_slots[index].Offset, _slots[index].Length);

    /// <summary>Forgets buffers and packets: for the device that fills the batch anew.</summary>
    public void Clear()
    {
        ReceivedCount = 0;
        ClearSlots();
    }

    /// <summary>Counts one more buffer as filled; the caller describes it.</summary>
    public ref ReceivedBuffer AddReceived() => ref _received[ReceivedCount++];

    /// <summary>Forgets the packets made so far, not the buffers they were made of.</summary>
    public void ClearSlots()
    {
        Count = 0;
        _headersUsed = 0;
    }

    /// <summary>Takes the last slot back.</summary>
    public void RemoveLast() => Count--;

    /// <summary>The next slot, for a packet in one piece.</summary>
    public ref PacketSlot Add(int offset, int length)
    {
        ref PacketSlot slot = ref _slots[Count++];
        slot.Offset = offset;
        slot.Length = length;
        slot.PayloadLength = 0;
        slot.Next = PacketSlot.None;
        slot.IsAppended = false;
        slot.Transport = 0;
        slot.Offload = default;
        slot.Verdict = DropReason.None;
        return ref slot;
    }

    /// <summary>Room for headers apart from any buffer; lasts until the batch is cleared.</summary>
    /// <returns>False when there is not as much left.</returns>
    public bool TryTakeHeaders(int bytes, out int offset)
    {
        offset = _headersStart + _headersUsed;
        if (bytes > HeaderBytes - _headersUsed) return false;
        _headersUsed += bytes;
        return true;
    }
}
