using Overlay.Host.Interop;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// A thread that looks at the kernel's links, addresses and routes at its start and whenever one has changed.
/// </summary>
/// <remarks>It watches the network namespace of the thread that makes it.</remarks>
internal sealed class KernelWatch : IDisposable
{
    // Changes come in bursts (a link going up brings addresses and routes); one look behind the burst is enough.
    private static readonly TimeSpan _settleTime = TimeSpan.FromMilliseconds(100);

    private readonly NetlinkMonitor _monitor = new();
    private readonly ManualResetEventSlim _ending = new();
    private readonly LookPace _pace = new(_settleTime);
    private readonly Thread _thread;
    private bool _isDisposed;

    /// <param name="name">The thread's.</param>
    /// <param name="look">
    /// Looks once; returns true when the next look is due soon, whether something changes or not.
    /// </param>
    /// <param name="failed">Called once when a look throws: the watch is over.</param>
    /// <exception cref="LinuxException">There is no rtnetlink.</exception>
    public KernelWatch(string name, Func<bool> look, Action<Exception> failed)
    {
        _thread = new Thread(() => Run(look, failed)) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends the watch; no look is under way when this returns. May be called again.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ending.Set();
        _monitor.Interrupt();
        _thread.Join();
        _monitor.Dispose();
        _ending.Dispose();
    }

    private void Run(Func<bool> look, Action<Exception> failed)
    {
        try
        {
            while (!_monitor.IsInterrupted)
            {
                TimeSpan began = ThreadTime.Used();
                bool isDueSoon = look();
                _pace.Add(ThreadTime.Used() - began);
                if (!isDueSoon && !_monitor.Wait()) return;
                if (_ending.Wait(_pace.Pause)) return;
            }
        }
#pragma warning disable CA1031 // Unhandled on a thread it would end the process at once, with all that it made left behind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(exception);
        }
    }
}
