using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Overlay.Daemon.Admin;

/// <summary>
/// Serves health, metrics and the status page on the TCP address, beside the admin socket: any user of the host may
/// take that port first, or keep connections open, and the node goes on all the same.
/// </summary>
/// <param name="options">The address.</param>
/// <param name="application">The answers.</param>
/// <param name="problems">Gets the address that cannot be had.</param>
/// <param name="time">Clock of the next try.</param>
/// <param name="loggers">For Kestrel.</param>
internal sealed class HealthServer(
    OverlayOptions options, IHttpApplication<HttpContext> application, ProblemBoard problems, TimeProvider time,
    ILoggerFactory loggers) : LifecycleService, IAsyncDisposable
{
    private const string Key = "metrics and health";

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private KestrelServer? _server;
    private Task _trying = Task.CompletedTask;
    private bool _isDown;

    public override async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.AdminHttp is null) return;
        if (!await TryListenAsync()) _trying = KeepTryingAsync();
    }

    /// <summary>Ends the server. May be called again, and without a start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDown) return;
        _isDown = true;
        await _stopping.CancelAsync();
        await _trying;
        _server?.Dispose();
        _stopping.Dispose();
    }

    private async Task KeepTryingAsync()
    {
        do
        {
            await Task.Delay(_retryAfter, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested) return;
        }
        while (!await TryListenAsync());
    }

    private async Task<bool> TryListenAsync()
    {
        KestrelServerOptions limits = new() { AddServerHeader = false };
        HttpLimits.Apply(limits);
        limits.Listen(options.AdminHttp!);
        KestrelServer server = new(MsOptions.Create(limits), new PatientListenerFactory(loggers), loggers);
        try
        {
            await server.StartAsync(application, CancellationToken.None);
            _server = server;
            problems.Report(Key, ProblemSeverity.Warning);
            return true;
        }
#pragma warning disable CA1031 // Metrics and health are worth a warning, whatever keeps them from being served.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            server.Dispose();
            problems.Report(
                Key, ProblemSeverity.Warning,
                $"Overlay:Admin:Http '{options.AdminHttp}' cannot be listened on, so metrics, health and the status page are "
                + $"not served there: {exception.GetBaseException().Message}; it is tried again; who has it: ss -ltnp sport "
                + $"= :{options.AdminHttp!.Port}");
            return false;
        }
    }
}
