using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.CniInstall;

/// <summary>
/// Installs the CNI plugin once pods' packets flow, and puts it back while the daemon runs; whoever installed it, looks
/// at the chain of plugins that runtimes call.
/// </summary>
internal sealed class CniInstallService : LifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan _readyCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _rivalCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _repairCheck = TimeSpan.FromMinutes(1);

    private const string Key = "the CNI plugin";
    private const string ChainKey = "the chain of CNI plugins";
    private const string ChainStatusKey = "the STATUS of the other CNI plugins";
    private const string BridgeKey = "the pods' bridge";
    private const string FormerKey = "former pod CIDRs";

    private readonly NodeStatus _status;
    private readonly ProcessOutcome _outcome;
    private readonly CniInstallOptions _options;
    private readonly CniInstaller _installer;
    private readonly ProblemBoard _problems;
    private readonly PodBridgeCheck _bridge = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;
    private string? _failure;
    private bool _isInstalled;
    private bool _isDown;

    public CniInstallService(
        NodeStatus status, OverlayOptions options, ProcessOutcome outcome, ProblemBoard problems,
        ILogger<CniInstallService> logger)
    {
        _outcome = outcome;
        _status = status;
        _options = options.CniInstall;
        _installer = new(options.CniInstall, logger);
        _problems = problems;
    }

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        // The first look reads files and asks the kernel: the start does not wait for it.
        _keeping = Task.Run(KeepAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _keeping;
        if (_options is { Enabled: true, RemoveAtStop: true } && !_outcome.IsHandedOver)
        {
            _ = _problems.Guard.Try(Key, () =>
            {
                Try(() => _ = _installer.Remove(), "removed");
                Report();
            });
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
        long installed = 0;
        while (!_stopping.IsCancellationRequested)
        {
            // Once installed the plugin stays, for it also takes down the pods that are there already.
            bool isReady = _isInstalled || _status.IsReady;
            bool isDue = _options.Enabled && isReady
                && (!_isInstalled || Stopwatch.GetElapsedTime(installed) >= _repairCheck);
            if (isDue) installed = Stopwatch.GetTimestamp();
            _ = _problems.Guard.Try(Key, () =>
            {
                if (isDue) Try(_installer.Install, "installed");
                _isInstalled |= isDue;

                // Rivals come and go between two installs.
                Report();
            });
            await Task.Delay(isReady ? _rivalCheck : _readyCheck, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The daemon goes on without: pods that are there already keep their network.
    private void Report()
    {
        _problems.Report(Key, ProblemSeverity.Warning, [
            .. new[] { _failure }.OfType<string>(), .. _options.Enabled ? _installer.Warnings() : [],
        ]);

        // An installation waits for a node that is ready: what it will mend, or cannot, is no reason to wait with it.
        if (_options.Enabled && !_isInstalled) return;
        _problems.Report(ChainKey, ProblemSeverity.Problem, _installer.Problems());
        _problems.Report(ChainStatusKey, ProblemSeverity.Warning, _installer.Unwell());
        bool isWatched = _status.HasNode && (_options.Enabled || _installer.IsCalled);
        Report(isWatched ? LookAtBridge() : new([], []));
    }

    private void Report(PodBridgeCheck.Finding found)
    {
        _problems.Report(BridgeKey, ProblemSeverity.Problem, found.Problems);
        _problems.Report(FormerKey, ProblemSeverity.Warning, found.Warnings);
    }

    private PodBridgeCheck.Finding LookAtBridge()
    {
        try
        {
            return _bridge.Look(_status.Options);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new([], [$"the pods' bridge cannot be read: {exception.Message}"]);
        }
    }

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
