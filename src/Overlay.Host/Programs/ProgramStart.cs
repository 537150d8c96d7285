using System.ComponentModel;
using System.Diagnostics;
using Overlay.Host.Interop;

namespace Overlay.Host.Programs;

/// <summary>Starts a program, also one that is being written at this moment.</summary>
public static class ProgramStart
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Starts it; waits for up to 2 seconds while somebody has its file open for writing.</summary>
    /// <remarks>
    /// An installer that copies over a plugin has it open, and so has each child of the installer until it runs a program of
    /// its own (ETXTBSY, execve(2)).
    /// </remarks>
    /// <exception cref="Win32Exception">It is not there, or cannot be run.</exception>
    public static Process Of(ProcessStartInfo start)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception exception)
                when (exception.NativeErrorCode == Errno.ETXTBSY && watch.Elapsed < _patience)
            {
                Thread.Sleep(_pause);
            }
        }
    }
}
