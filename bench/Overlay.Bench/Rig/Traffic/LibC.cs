using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>What .NET cannot do: many datagrams a system call, and sleep for less than a millisecond.</summary>
internal static class LibC
{
    /// <summary>Block for the first message only.</summary>
    public const int WaitForOne = 0x10000;

    public const int SocketLevel = 1;
    public const int ReceiveBufferForce = 33;
    public const int TcpLevel = 6;
    public const int TcpCongestion = 13;

    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int NoBuffers = 105;
    private const int ConnectionRefused = 111;

    /// <summary>
    /// Sends up to count messages; returns how many were taken, 0 if the network had no room or no taker.
    /// </summary>
    public static int Send(SafeSocketHandle socket, IntPtr messages, int count) =>
        Result("sendmmsg", SendMessages(socket, messages, (uint)count, 0));

    /// <summary>Receives up to count messages; 0 once the socket's receive timeout is over.</summary>
    public static int Receive(SafeSocketHandle socket, IntPtr messages, int count) =>
        Result("recvmmsg", ReceiveMessages(socket, messages, (uint)count, WaitForOne, IntPtr.Zero));

    /// <summary>Sleeps at least as long, unless a signal comes.</summary>
    public static void Sleep(int microseconds) => _ = SleepMicroseconds((uint)microseconds);

    private static int Result(string call, int result)
    {
        if (result >= 0) return result;
        int error = Marshal.GetLastPInvokeError();
        return error is Interrupted or TryAgain or NoBuffers or ConnectionRefused
            ? 0
            : throw new InvalidOperationException($"{call}: {new Win32Exception(error).Message}");
    }

    // LibraryImport would need AllowUnsafeBlocks, which is reserved for Overlay.Linux.
#pragma warning disable SYSLIB1054
    [DllImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendMessages(SafeSocketHandle socket, IntPtr messages, uint count, int flags);

    [DllImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ReceiveMessages(
        SafeSocketHandle socket, IntPtr messages, uint count, int flags, IntPtr timeout);

    [DllImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SleepMicroseconds(uint microseconds);
#pragma warning restore SYSLIB1054
}
