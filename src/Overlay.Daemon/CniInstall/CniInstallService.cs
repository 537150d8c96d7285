using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.CniInstall;

/// <summary>Installs the CNI plugin once pods' packets flow, and puts it back while the daemon runs.</summary>
internal sealed class CniInstallService : LifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan _readyCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _rivalCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _repairCheck = TimeSpan.FromMinutes(1);

    private const string Key = "the CNI plugin";

    private readonly NodeStatus _status;
    private readonly CniInstallOptions _options;
    private readonly CniInstaller _installer;
    private readonly ProblemBoard _problems;
    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;
    private string? _failure;
    private bool _isDown;

    public CniInstallService(
        NodeStatus status, OverlayOptions options, ProblemBoard problems, ILogger<CniInstallService> logger)
    {
        _status = status;
        _options = options.CniInstall;
        _installer = new(options.CniInstall, logger);
        _problems = problems;
    }

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_options.Enabled) _keeping = KeepAsync();
        return Task.CompletedTask;
    }

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _keeping;
        if (_options is { Enabled: true, RemoveAtStop: true })
        {
            Try(() => _ = _installer.Remove(), "removed");
            Report();
        }
    }

    /// <summary>Ends the watch of a start that failed half-way. May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDown) return;
        _isDown = true;
        await _stopping.CancelAsync();
        await _keeping;
        _stopping.Dispose();
    }

    private async Task KeepAsync()
    {
        bool wasReady = false;
        long installed = 0;
        while (!_stopping.IsCancellationRequested)
        {
            // Once installed the plugin stays, for it also takes down the pods that are there already.
            bool isReady = wasReady || _status.IsReady;
            if (isReady && (!wasReady || Stopwatch.GetElapsedTime(installed) >= _repairCheck))
            {
                Try(_installer.Install, "installed");
                installed = Stopwatch.GetTimestamp();
            }

            // Rivals come and go between two installs.
            Report();
            wasReady = isReady;
            await Task.Delay(isReady ? _rivalCheck : _readyCheck, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The daemon goes on without: pods that are there already keep their network.
    private void Report() => _problems.Report(
        Key, ProblemSeverity.Warning, [.. new[] { _failure }.OfType<string>(), .. _installer.Rivals()]);

    private void Try(Action step, string done)
    {
        try
        {
            step();
            _failure = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _failure = $"the CNI plugin could not be {done}: {exception.Message}";
        }
    }
}
