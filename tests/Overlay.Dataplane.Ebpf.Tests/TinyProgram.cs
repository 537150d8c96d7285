using System.Buffers.Binary;
using Overlay.Dataplane.Ebpf.Loading;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>Programs of a few instructions, written by hand.</summary>
internal static class TinyProgram
{
    /// <summary>One that only returns.</summary>
    public static BpfProgram Returning(int value)
    {
        // r0 = value; exit
        byte[] code = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(4), value);
        return BpfProgram.Load(new ProgramImage("tiny", code, []), new Dictionary<string, BpfMap>(), "GPL");
    }

    /// <summary>Packets that a <see cref="Counting"/> program has seen.</summary>
    public static long Counted(BpfMap map)
    {
        byte[] value = new byte[8];
        map.TryLookup(new byte[4], value).ShouldBeTrue();
        return BitConverter.ToInt64(value);
    }

    /// <summary>One that counts its packets in row 0 of a map of 8-byte values, and returns.</summary>
    public static BpfProgram Counting(BpfMap map, int value)
    {
        byte[] code =
        [
            0x62, 0x0a, 0xfc, 0xff, 0, 0, 0, 0, // *(u32 *)(r10 - 4) = 0
            0xbf, 0xa2, 0, 0, 0, 0, 0, 0, // r2 = r10
            0x07, 0x02, 0, 0, 0xfc, 0xff, 0xff, 0xff, // r2 += -4
            0x18, 0x01, 0, 0, 0, 0, 0, 0, // r1 = map
            0, 0, 0, 0, 0, 0, 0, 0,
            0x85, 0, 0, 0, 1, 0, 0, 0, // call bpf_map_lookup_elem
            0x15, 0x00, 0x02, 0, 0, 0, 0, 0, // if r0 == 0 goto +2
            0xb7, 0x01, 0, 0, 1, 0, 0, 0, // r1 = 1
            0xdb, 0x10, 0, 0, 0, 0, 0, 0, // lock *(u64 *)(r0 + 0) += r1
            0xb7, 0, 0, 0, (byte)value, (byte)(value >> 8), (byte)(value >> 16), (byte)(value >> 24),
            0x95, 0, 0, 0, 0, 0, 0, 0,
        ];
        return BpfProgram.Load(
            new ProgramImage("counting", code, [(24, map.Name)]),
            new Dictionary<string, BpfMap> { [map.Name] = map }, "GPL");
    }
}
