using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.CniInstall;

/// <summary>Installs the CNI plugin once pods' packets flow, and puts it back while the daemon runs.</summary>
internal sealed class CniInstallService : LifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan _readyCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _repairCheck = TimeSpan.FromMinutes(1);

    private readonly NodeStatus _status;
    private readonly CniInstallOptions _options;
    private readonly CniInstaller _installer;
    private readonly ILogger<CniInstallService> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _keeping = Task.CompletedTask;
    private volatile string? _problem;
    private bool _isDown;

    public CniInstallService(NodeStatus status, OverlayOptions options, ILogger<CniInstallService> logger)
    {
        _status = status;
        _options = options.CniInstall;
        _installer = new(options.CniInstall, logger);
        _logger = logger;
    }

    /// <summary>What keeps container runtimes from calling the plugin.</summary>
    public IReadOnlyList<string> Warnings =>
        _options.Enabled ? [.. new[] { _problem }.OfType<string>(), .. _installer.Rivals()] : [];

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_options.Enabled) _keeping = KeepAsync();
        return Task.CompletedTask;
    }

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _keeping;
        if (_options is { Enabled: true, RemoveAtStop: true }) Try(() => _ = _installer.Remove(), "removed");
    }

    /// <summary>Ends what a start that failed half-way has begun. May be called again.</summary>
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
        while (!_stopping.IsCancellationRequested)
        {
            // Once installed it stays, whatever comes: pods that are there already need it to go.
            bool isReady = wasReady || _status.IsReady;
            if (isReady) Try(_installer.Install, "installed");
            if (isReady && !wasReady) _installer.WarnOfRivals();

            wasReady = isReady;
            await Task.Delay(isReady ? _repairCheck : _readyCheck, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Try(Action step, string done)
    {
        string? problem = null;
        try
        {
            step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"the CNI plugin could not be {done}: {exception.Message}";
            if (problem != _problem) _logger.LogError("{Problem}", problem);
        }

        _problem = problem;
    }
}
