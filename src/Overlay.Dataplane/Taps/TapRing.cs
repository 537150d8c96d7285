using System.Numerics;

namespace Overlay.Dataplane.Taps;

/// <summary>Copies of packets on their way from one worker to one listener: bounded, and never waited for.</summary>
/// <remarks>
/// The worker alone adds, and one thread at a time takes. A worker that finds the ring full counts the packet as
/// missed. All memory is taken when the capture begins.
/// </remarks>
public sealed class TapRing
{
    /// <summary>Most bytes that a ring has for packets, beside half a megabyte for its records.</summary>
    public const int Size = 2 * 1024 * 1024;

    /// <summary>Fewest bytes of a packet that are worth a copy: an IPv6 header and one of TCP.</summary>
    public const int LeastSnap = 64;

    /// <summary>Most bytes of a packet.</summary>
    public const int MostSnap = 65_535;

    private const int MostRecords = 8192;

    // Positions lie a cache line apart: the worker writes two of them, the listener the other.
    private const int Padding = 16;
    private const int Added = Padding;
    private const int MissedOut = Added + 1;
    private const int MissedIn = Added + 2;
    private const int Taken = Added + Padding;

    private readonly TapFilter _filter;
    private readonly TimeProvider _time;
    private readonly int _snap;
    private readonly TapRecord[] _records;
    private readonly byte[] _bytes;
    private readonly long[] _positions = new long[Taken + Padding];
    private long _seenTaken;

    /// <param name="filter">The packets that are wanted.</param>
    /// <param name="snap">Most bytes of each packet that are copied.</param>
    /// <param name="time">Clock of the records.</param>
    public TapRing(TapFilter filter, int snap, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(snap, LeastSnap);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(snap, MostSnap);
        _filter = filter;
        _time = time;
        _snap = snap;
        Capacity = Math.Min(MostRecords, 1 << BitOperations.Log2((uint)(Size / snap)));
        _records = new TapRecord[Capacity];
        _bytes = new byte[Capacity * snap];
    }

    /// <summary>Records that it holds.</summary>
    public int Capacity { get; }

    /// <summary>Packets of a direction that were wanted and found the ring full.</summary>
    public long Missed(bool isEgress) => Volatile.Read(ref _positions[isEgress ? MissedOut : MissedIn]);

    /// <summary>The time of the oldest record; <see cref="long.MaxValue"/> when there is none.</summary>
    public long OldestTicks => _positions[Taken] == Volatile.Read(ref _positions[Added])
        ? long.MaxValue
        : _records[(int)(_positions[Taken] & (Capacity - 1))].Ticks;

    /// <summary>The oldest record; false when there is none.</summary>
    /// <param name="record">Valid when true is returned.</param>
    /// <param name="bytes">The packet's first bytes, valid until <see cref="Take"/>.</param>
    public bool TryPeek(out TapRecord record, out ReadOnlySpan<byte> bytes)
    {
        long taken = _positions[Taken];
        if (taken == Volatile.Read(ref _positions[Added]))
        {
            record = default;
            bytes = default;
            return false;
        }

        int index = (int)(taken & (Capacity - 1));
        record = _records[index];
        bytes = _bytes.AsSpan(index * _snap, record.CapturedLength);
        return true;
    }

    /// <summary>Gives the place of the oldest record back to the worker.</summary>
    public void Take() => Volatile.Write(ref _positions[Taken], _positions[Taken] + 1);

    /// <summary>The time of the packets that are added next; asked once a batch.</summary>
    internal long Now() => _time.GetUtcNow().UtcTicks;

    /// <summary>Adds a packet, where it is wanted and there is room.</summary>
    /// <param name="record">All that is known of it but for the captured length.</param>
    /// <param name="packet">The inner packet, or what is there of it in one piece.</param>
    internal void Add(in TapRecord record, ReadOnlySpan<byte> packet)
    {
        if (!_filter.Takes(record, packet)) return;
        long added = _positions[Added];

        // The listener's position is looked at only where the ring seems full.
        if (added - _seenTaken == Capacity
            && added - (_seenTaken = Volatile.Read(ref _positions[Taken])) == Capacity)
        {
            ref long missed = ref _positions[record.IsEgress ? MissedOut : MissedIn];
            Volatile.Write(ref missed, missed + 1);
            return;
        }

        int index = (int)(added & (Capacity - 1));
        int length = Math.Min(Math.Min(packet.Length, record.Length), _snap);
        packet[..length].CopyTo(_bytes.AsSpan(index * _snap));
        _records[index] = record;
        _records[index].CapturedLength = length;
        Volatile.Write(ref _positions[Added], added + 1);
    }
}
