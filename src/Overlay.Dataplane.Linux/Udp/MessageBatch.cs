using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// The native side of a batch for sendmmsg and recvmmsg: headers, vectors, addresses and control data, made once.
/// </summary>
/// <remarks>Lives in native memory, as the headers point at each other.</remarks>
internal sealed unsafe class MessageBatch : IDisposable
{
    /// <summary>Room for two cmsgs with an int each: ECN and segment size.</summary>
    private const int ControlSize = 64;

    private static readonly int _controlStep = sizeof(Libc.CMsgHdr) + sizeof(long);

    private readonly Libc.IoVec* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly int _vectorCapacity;
    private int _vectorCount;
    private bool _isDisposed;

    /// <param name="capacity">Messages.</param>
    /// <param name="vectors">Pieces of all messages together.</param>
    public MessageBatch(int capacity, int vectors)
    {
        nuint count = (nuint)capacity;
        Capacity = capacity;
        _vectorCapacity = vectors;
        Messages = (Libc.MMsgHdr*)NativeMemory.AllocZeroed(count, (nuint)sizeof(Libc.MMsgHdr));
        _vectors = (Libc.IoVec*)NativeMemory.AllocZeroed((nuint)vectors, (nuint)sizeof(Libc.IoVec));
        _names = (byte*)NativeMemory.AllocZeroed(count, SocketAddress.Size);
        _controls = (byte*)NativeMemory.AllocZeroed(count, ControlSize);
        for (int i = 0; i < capacity; i++)
        {
            Messages[i].Header.Name = Name(i);
            Messages[i].Header.Control = Control(i);
        }
    }

    public Libc.MMsgHdr* Messages { get; }

    public int Capacity { get; }

    /// <summary>Messages added since the last <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    public void Clear() => Count = _vectorCount = 0;

    /// <summary>Prepares one more message for receiving into a buffer.</summary>
    public void AddReceive(byte* buffer, int length)
    {
        int index = Begin();
        AddPiece(buffer, length);
        Messages[index].Header.NameLength = SocketAddress.Size;
        Messages[index].Header.ControlLength = ControlSize;
    }

    /// <summary>There is room for one more message of that many pieces.</summary>
    public bool HasRoom(int pieces) => Count < Capacity && _vectorCount + pieces <= _vectorCapacity;

    /// <summary>Prepares one more message for sending to an address; its pieces follow.</summary>
    /// <param name="address">Outer destination.</param>
    /// <param name="port">Outer destination port.</param>
    /// <param name="ecn">Of the outer header.</param>
    /// <param name="segmentSize">
    /// Bytes of each datagram the kernel shall make of the message, or 0 to send it as one.
    /// </param>
    public void AddSend(IpAddress address, ushort port, Ecn ecn, int segmentSize)
    {
        int index = Begin();
        ref Libc.MsgHdr header = ref Messages[index].Header;
        header.NameLength = SocketAddress.Write(new Span<byte>(Name(index), SocketAddress.Size), address, port);
        header.ControlLength = 0;
        if (ecn != Ecn.NotEct)
        {
            bool isIpv4 = address.Family == IpFamily.IPv4;
            byte* value = AddControl(
                index, isIpv4 ? Libc.SOL_IP : Libc.SOL_IPV6, isIpv4 ? Libc.IP_TOS : Libc.IPV6_TCLASS, sizeof(int));
            *(int*)value = (int)ecn;
        }

        if (segmentSize > 0)
            *(ushort*)AddControl(index, Libc.SOL_UDP, Libc.UDP_SEGMENT, sizeof(ushort)) = (ushort)segmentSize;
    }

    /// <summary>Adds a piece to the message added last.</summary>
    public void AddPiece(byte* buffer, int length)
    {
        _vectors[_vectorCount++] = new Libc.IoVec { Base = buffer, Length = (nuint)length };
        Messages[Count - 1].Header.IoVecLength++;
    }

    /// <summary>The sender of a received message.</summary>
    public IpAddress Source(int index) => SocketAddress.Read(new ReadOnlySpan<byte>(Name(index), SocketAddress.Size));

    /// <summary>
    /// What a received message's control data say: ECN of the outer header, and the size of its datagrams where it
    /// holds several.
    /// </summary>
    public void ReadControl(int index, out Ecn ecn, out int segmentSize)
    {
        ecn = Ecn.NotEct;
        segmentSize = 0;
        byte* position = Control(index);
        byte* end = position + Messages[index].Header.ControlLength;
        while (position + sizeof(Libc.CMsgHdr) <= end)
        {
            Libc.CMsgHdr* control = (Libc.CMsgHdr*)position;
            if (control->Length < (nuint)sizeof(Libc.CMsgHdr)) return;

            // IP_TOS comes as one byte, IPV6_TCLASS as an int; the low byte of either is what we want (little-endian
            // hosts).
            bool isTos = (control->Level == Libc.SOL_IP && control->Type == Libc.IP_TOS)
                || (control->Level == Libc.SOL_IPV6 && control->Type == Libc.IPV6_TCLASS);
            if (isTos) ecn = (Ecn)(*(byte*)(control + 1) & 3);
            else if (control->Level == Libc.SOL_UDP && control->Type == Libc.UDP_GRO)
                segmentSize = *(int*)(control + 1);
            position += ((int)control->Length + sizeof(long) - 1) & ~(sizeof(long) - 1);
        }
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        NativeMemory.Free(Messages);
        NativeMemory.Free(_vectors);
        NativeMemory.Free(_names);
        NativeMemory.Free(_controls);
    }

    private int Begin()
    {
        int index = Count++;
        Messages[index].Header.IoVec = _vectors + _vectorCount;
        Messages[index].Header.IoVecLength = 0;
        return index;
    }

    private byte* AddControl(int index, int level, int type, int length)
    {
        ref Libc.MsgHdr header = ref Messages[index].Header;
        Libc.CMsgHdr* control = (Libc.CMsgHdr*)(header.Control + header.ControlLength);
        control->Length = (nuint)(sizeof(Libc.CMsgHdr) + length);
        control->Level = level;
        control->Type = type;
        header.ControlLength += (nuint)_controlStep;
        return (byte*)(control + 1);
    }

    private byte* Name(int index) => _names + (index * SocketAddress.Size);

    private byte* Control(int index) => _controls + (index * ControlSize);
}
