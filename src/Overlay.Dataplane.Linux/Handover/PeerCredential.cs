using System.Buffers.Binary;
using System.Net.Sockets;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Handover;

/// <summary>The process at the other end of a Unix socket, as it was when it connected (unix(7), SO_PEERCRED).</summary>
/// <param name="Process">0 where it is of a pid namespace that this process does not see.</param>
/// <param name="User">Its effective user.</param>
public readonly record struct PeerCredential(int Process, uint User)
{
    // pid, uid and gid, each of 4 bytes.
    private const int Size = 12;
    private const int SoPeercred = 17;

    /// <summary>It is root's, or of this process's own user.</summary>
    public bool IsTrusted => User == 0 || User == Libc.EffectiveUser();

    /// <summary>Reads it of a connected socket.</summary>
    public static PeerCredential Of(Socket socket)
    {
        Span<byte> credential = stackalloc byte[Size];
        _ = socket.GetRawSocketOption(Libc.SOL_SOCKET, SoPeercred, credential);
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(credential), BinaryPrimitives.ReadUInt32LittleEndian(credential[4..]));
    }
}
