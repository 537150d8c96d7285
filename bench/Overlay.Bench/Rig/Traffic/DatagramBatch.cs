using System.Runtime.InteropServices;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Buffers for many datagrams, laid out once as sendmmsg and recvmmsg want them.</summary>
/// <remarks>In native memory, because the structures point at each other.</remarks>
internal sealed class DatagramBatch : IDisposable
{
    private static readonly int _headerSize = Marshal.SizeOf<MessageHeader>();
    private static readonly int _vectorSize = Marshal.SizeOf<IoVector>();
    private static readonly int _transferredOffset =
        (int)Marshal.OffsetOf<MessageHeader>(nameof(MessageHeader.Transferred));

    private readonly IntPtr _memory;
    private bool _isDisposed;

    public DatagramBatch(int count, int size)
    {
        Count = count;
        _memory = Marshal.AllocHGlobal(count * (_headerSize + _vectorSize + size));
        IntPtr vectors = _memory + (count * _headerSize);
        IntPtr buffers = vectors + (count * _vectorSize);
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        for (int i = 0; i < count; i++)
        {
            IntPtr vector = vectors + (i * _vectorSize);
            IntPtr buffer = buffers + (i * size);
            Marshal.Copy(content, 0, buffer, size);
            Marshal.StructureToPtr(new IoVector { Base = buffer, Length = size }, vector, fDeleteOld: false);
            Marshal.StructureToPtr(
                new MessageHeader { Vectors = vector, VectorCount = 1 }, _memory + (i * _headerSize),
                fDeleteOld: false);
        }
    }

    public int Count { get; }

    /// <summary>The array of struct mmsghdr.</summary>
    public IntPtr Messages => _memory;

    /// <summary>Bytes of a message that were received.</summary>
    public int Length(int index) => Marshal.ReadInt32(_memory, (index * _headerSize) + _transferredOffset);

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Marshal.FreeHGlobal(_memory);
    }
}
