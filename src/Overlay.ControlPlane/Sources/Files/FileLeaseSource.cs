using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>
/// Leases as JSON files in one directory, <c>&lt;node&gt;.json</c> each: the control plane that needs nothing else to
/// run.
/// </summary>
/// <remarks>
/// Files that come, change or go cause events. A snapshot comes first, and when more than half of several leases vanish
/// in one look, for the reader to doubt. A file that does not parse keeps that node's last good lease; a directory that
/// cannot be read keeps them all. A directory that has lost this node's own lease is not believed to have lost others,
/// until the own lease has been back for one rescan interval. After a restart both rules protect the leases of the
/// last run, and the directory is not believed for <see cref="RestartGrace"/>.
/// </remarks>
public sealed class FileLeaseSource : ILeaseSource
{
    /// <summary>How often every file is read again, watched or not.</summary>
    public static readonly TimeSpan DefaultRescanInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the leases of the last run are kept where the directory lacks them and this node's own.
    /// </summary>
    /// <remarks>
    /// A clean stop takes the own lease out, so a directory without it may be sound. At boot a network file system
    /// comes up to half a minute after the daemon; a node that has left for good is kept no longer than that either.
    /// </remarks>
    public static readonly TimeSpan RestartGrace = TimeSpan.FromSeconds(30);

    private readonly string _directory;
    private readonly TimeSpan _rescanInterval;
    private readonly ILogger<FileLeaseSource> _logger;
    private readonly LeaseDirectoryState _state;
    private readonly OwnLeaseState _own;

    /// <param name="directory">Made when a watch begins, or by the first publish, when missing.</param>
    /// <param name="logger">Logs every bad file once, and again when its content changes.</param>
    /// <param name="rescanInterval">Default <see cref="DefaultRescanInterval"/>.</param>
    /// <param name="time">Clock of the times for which a directory is not believed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The interval is zero or negative.</exception>
    public FileLeaseSource(
        string directory, ILogger<FileLeaseSource> logger, TimeSpan? rescanInterval = null, TimeProvider? time = null)
    {
        _directory = Path.GetFullPath(directory);
        _rescanInterval = rescanInterval ?? DefaultRescanInterval;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_rescanInterval, TimeSpan.Zero, nameof(rescanInterval));
        _logger = logger;
        _state = new(_directory, time ?? TimeProvider.System, logger);
        _own = new(_rescanInterval, time ?? TimeProvider.System, logger);
    }

    /// <inheritdoc/>
    public StoreLocation Location => new(StoreLocation.File, _directory);

    /// <inheritdoc/>
    public StoreStatus Status => _state.Status;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Problems => _own.Problem is { } own
        ? new Dictionary<string, string>(_state.Problems) { [own.File] = own.Message }
        : _state.Problems;

    /// <inheritdoc/>
    public Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken) =>
        Task.FromResult(NodeSettings.None);

    /// <inheritdoc/>
    public Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(request.Configured);

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        IReadOnlyList<Lease> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _state.Remember(known);
        if (known.Count > 0) _own.Doubt(RestartGrace);
        using LeaseDirectoryWatch watch = new(_directory, _rescanInterval, _logger);
        IReadOnlyList<Lease>? sent = null;
        MakeDirectory();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            watch.Arm();
            long begun = Stopwatch.GetTimestamp();
            _state.Scan(_own.IsInPlace);
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            _own.Restore(_state.HasFiles);
            IReadOnlyList<Lease> leases = _state.Leases;
            if (_state.WasRead && (sent is null || !sent.SequenceEqual(leases)))
            {
                LeaseUpdate update = LeaseDifference.Between(sent, leases);
                sent = leases;
                yield return update;
            }

            await watch.WaitAsync(took, cancellationToken);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Pod CIDRs are the configuration's: nothing comes.</remarks>
    public async IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        yield break;
    }

    /// <inheritdoc/>
    public Task<Lease?> FindAsync(string node, CancellationToken cancellationToken)
    {
        if (!NodeName.IsValidForFile(node)) return Task.FromResult<Lease?>(null);
        return Task.Run(
            () => LeaseFile.New.Next(node, LeaseFileContent.Read(_state.PathOf(node))).Lease, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The node's name is not valid.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing. A running watch tries again.</exception>
    public Task PublishAsync(Lease own, CancellationToken cancellationToken)
    {
        if (!NodeName.IsValidForFile(own.Node))
            throw new ArgumentException($"'{own.Node}' is no node name such as node-a", nameof(own));
        return Task.Run(() => _own.Publish(_state.PathOf(own.Node), LeaseJson.Format(own)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReportReadyAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The node's name is not valid.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public Task WithdrawAsync(string node, CancellationToken cancellationToken)
    {
        if (!NodeName.IsValidForFile(node))
            throw new ArgumentException($"'{node}' is no node name such as node-a", nameof(node));
        return Task.Run(() => _own.Withdraw(_state.PathOf(node)), cancellationToken);
    }

    // The first node of a cluster finds nothing: an empty store, not one that cannot be read. Later a directory that is
    // missing has been lost, and is not made again by looking at it.
    private void MakeDirectory()
    {
        try
        {
            _ = Directory.CreateDirectory(_directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.DirectoryNotMade(_directory, exception.Message);
        }
    }
}
