using System.Runtime.InteropServices;
using Overlay.Wire;

namespace Overlay.Linux;

/// <summary>The native side of a batch for sendmmsg and recvmmsg: headers, vectors, addresses and control data, made once.</summary>
/// <remarks>Lives in native memory, as the headers point at each other.</remarks>
internal sealed unsafe class MessageBatch : IDisposable
{
    /// <summary>Room for one cmsg with an int, twice over.</summary>
    private const int ControlSize = 64;

    private static readonly nuint _trafficClassLength = (nuint)(sizeof(Libc.CMsgHdr) + sizeof(int));

    private readonly Libc.IoVec* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private bool _isDisposed;

    public MessageBatch(int capacity)
    {
        nuint count = (nuint)capacity;
        Messages = (Libc.MMsgHdr*)NativeMemory.AllocZeroed(count, (nuint)sizeof(Libc.MMsgHdr));
        _vectors = (Libc.IoVec*)NativeMemory.AllocZeroed(count, (nuint)sizeof(Libc.IoVec));
        _names = (byte*)NativeMemory.AllocZeroed(count, SocketAddress.Size);
        _controls = (byte*)NativeMemory.AllocZeroed(count, ControlSize);
        for (int i = 0; i < capacity; i++)
        {
            Messages[i].Header.Name = Name(i);
            Messages[i].Header.IoVec = _vectors + i;
            Messages[i].Header.IoVecLength = 1;
            Messages[i].Header.Control = Control(i);
        }
    }

    public Libc.MMsgHdr* Messages { get; }

    /// <summary>Prepares a message for receiving into a buffer.</summary>
    public void PrepareReceive(int index, byte* buffer, int length)
    {
        _vectors[index] = new Libc.IoVec { Base = buffer, Length = (nuint)length };
        Messages[index].Header.NameLength = SocketAddress.Size;
        Messages[index].Header.ControlLength = ControlSize;
    }

    /// <summary>Prepares a message for sending a buffer to an address with those ECN bits.</summary>
    public void PrepareSend(int index, byte* buffer, int length, IpAddress address, ushort port, Ecn ecn)
    {
        _vectors[index] = new Libc.IoVec { Base = buffer, Length = (nuint)length };
        ref Libc.MsgHdr header = ref Messages[index].Header;
        header.NameLength = SocketAddress.Write(new Span<byte>(Name(index), SocketAddress.Size), address, port);
        header.ControlLength = 0;
        if (ecn == Ecn.NotEct) return;

        bool isIpv4 = address.Family == IpFamily.IPv4;
        Libc.CMsgHdr* control = (Libc.CMsgHdr*)Control(index);
        control->Length = _trafficClassLength;
        control->Level = isIpv4 ? Libc.SOL_IP : Libc.SOL_IPV6;
        control->Type = isIpv4 ? Libc.IP_TOS : Libc.IPV6_TCLASS;
        *(int*)(control + 1) = (int)ecn;
        header.ControlLength = (nuint)sizeof(Libc.CMsgHdr) + sizeof(long);
    }

    /// <summary>The sender of a received message.</summary>
    public IpAddress Source(int index) => SocketAddress.Read(new ReadOnlySpan<byte>(Name(index), SocketAddress.Size));

    /// <summary>The ECN bits of a received message's outer header.</summary>
    public Ecn ReceivedEcn(int index)
    {
        // IP_TOS comes as one byte, IPV6_TCLASS as an int; the low byte of either is what we want (little-endian hosts).
        if (Messages[index].Header.ControlLength < (nuint)sizeof(Libc.CMsgHdr)) return Ecn.NotEct;
        Libc.CMsgHdr* control = (Libc.CMsgHdr*)Control(index);
        bool isTos = (control->Level == Libc.SOL_IP && control->Type == Libc.IP_TOS)
            || (control->Level == Libc.SOL_IPV6 && control->Type == Libc.IPV6_TCLASS);
        return isTos ? (Ecn)(*(byte*)(control + 1) & 3) : Ecn.NotEct;
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

    private byte* Name(int index) => _names + (index * SocketAddress.Size);

    private byte* Control(int index) => _controls + (index * ControlSize);
}
