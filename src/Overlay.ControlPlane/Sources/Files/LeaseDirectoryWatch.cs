using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>
/// Waits for changes of the lease directory: by inotify, backed by the clock and by the directory's stamp.
/// </summary>
/// <remarks>
/// inotify alone is not enough: it is bound to the directory that was there, the host may have no instance left, and
/// writes of another machine to a network file system cause no event.
/// </remarks>
internal sealed class LeaseDirectoryWatch : IDisposable
{
    // A file that is written in place causes several events, with half its content in between; one look serves all.
    private static readonly TimeSpan _debounce = TimeSpan.FromMilliseconds(50);

    // Longest delay when inotify does not help; one stat(2) each, which is most of what an idle daemon does.
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _pollBehindInotify = TimeSpan.FromMilliseconds(500);

    // A look at many files takes its time: at most a fiftieth of all time is spent on looks that nothing has called
    // for.
    private const int RescanRest = 50;

    private readonly string _directory;
    private readonly TimeSpan _rescanInterval;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _signal = new(0);
    private FileSystemWatcher? _watcher;
    private volatile bool _isBroken = true;

    // Renamed into place since the last look, and so whole already.
    private volatile bool _isWhole;
    private long _lookedAt;
    private DirectoryStamp _stamp;
    private readonly SaidOnce _problem = new();

    public LeaseDirectoryWatch(string directory, TimeSpan rescanInterval, ILogger logger)
    {
        _directory = directory;
        _rescanInterval = rescanInterval;
        _logger = logger;
    }

    /// <summary>To be called right before the directory is read: changes from here on end the next wait.</summary>
    public void Arm()
    {
        _isWhole = false;
        _lookedAt = Stopwatch.GetTimestamp();
        DirectoryStamp stamp = DirectoryStamp.Of(_directory);
        if (_isBroken || !stamp.IsSameDirectory(_stamp)) Renew(stamp);
        _stamp = stamp;
    }

    /// <summary>
    /// Returns when something may have changed since <see cref="Arm"/>, or the rescan interval is over.
    /// </summary>
    /// <param name="lookTook">How long the look took that was done since.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(TimeSpan lookTook, CancellationToken cancellationToken)
    {
        // Without inotify a file written in place changes nothing the stamp could show.
        TimeSpan longest = _isBroken && _stamp.Path is not null ? Min(_rescanInterval, 2 * _poll) : _rescanInterval;
        longest = Max(longest, RescanRest * lookTook);
        TimeSpan waited = TimeSpan.Zero;
        while (waited < longest)
        {
            TimeSpan step = Min(_isBroken ? _poll : _pollBehindInotify, longest - waited);
            if (await _signal.WaitAsync(step, cancellationToken)) break;
            waited += step;
            if (DirectoryStamp.Of(_directory) != _stamp) break;
        }

        if (waited < longest) await DebounceAsync(cancellationToken);
        while (_signal.Wait(0, cancellationToken))
        {
        }
    }

    // Files that are renamed into place all the time are read no more often than others.
    private async Task DebounceAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = _isWhole ? _debounce - Stopwatch.GetElapsedTime(_lookedAt) : _debounce;
        if (wait > TimeSpan.Zero) await Task.Delay(wait, cancellationToken);
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        _signal.Dispose();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private void Renew(DirectoryStamp stamp)
    {
        _watcher?.Dispose();
        _watcher = null;
        _isBroken = true;
        if (stamp.Path is null) return;
        try
        {
            _watcher = Start(stamp.Path);
            _isBroken = false;
            if (_problem.End()) _logger.DirectoryWatchedAgain(_directory);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // ArgumentException for a directory that went away in between.
            if (_problem.Begin(e.Message)) _logger.DirectoryNotWatched(_directory, e.Message);
        }
    }

    private FileSystemWatcher Start(string path)
    {
        FileSystemWatcher watcher = new(path)
        {
            NotifyFilter =
                NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Attributes,
        };
        try
        {
            watcher.Created += (_, change) => SignalUnlessHidden(change.Name);
            watcher.Changed += (_, change) => SignalUnlessHidden(change.Name);
            watcher.Deleted += (_, _) => Signal();
            watcher.Renamed += (_, _) =>
            {
                _isWhole = true;
                Signal();
            };
            watcher.Error += (_, _) =>
            {
                // The queue ran over, or inotify gave up: start anew and read everything.
                _isBroken = true;
                Signal();
            };
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch
        {
            watcher.Dispose();
            throw;
        }
    }

    // A file with a leading dot is still being written; its renaming ends that.
    private void SignalUnlessHidden(string? name)
    {
        if (name?.StartsWith('.') != true) Signal();
    }

    private void Signal()
    {
        try
        {
            _ = _signal.Release();
        }
        catch (ObjectDisposedException)
        {
            // An event on its way while the watch ended: nobody waits for it.
        }
    }
}
