namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>
/// Credentials of a plugin, which is run when there are none, when they have expired and when the server refuses them.
/// </summary>
/// <param name="plugin">The plugin.</param>
/// <param name="limit">How long a run may take.</param>
/// <param name="time">Clock of the expiry.</param>
internal sealed class PluginCredentials(ExecPlugin plugin, TimeSpan limit, TimeProvider time) : ICredentialSource
{
    private readonly Lock _gate = new();
    private IssuedCredential? _issued;
    private Task<IssuedCredential>? _run;

    public async ValueTask<Credential> CurrentAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_issued is { } issued && !(issued.ValidUntil <= time.GetUtcNow())) return issued.Credential;
        }

        return await RunAsync(cancellationToken);
    }

    public async ValueTask<Credential> RenewAsync(Credential refused, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_issued is { } issued && issued.Credential != refused) return issued.Credential;
        }

        return await RunAsync(cancellationToken);
    }

    // All requests that wait share a run. A request that waits no longer leaves it to the next one.
    private async Task<Credential> RunAsync(CancellationToken cancellationToken)
    {
        Task<IssuedCredential> run;
        lock (_gate)
        {
            if (_run is null or { IsCompleted: true }) _run = Task.Run(Run, CancellationToken.None);
            run = _run;
        }

        return (await run.WaitAsync(cancellationToken)).Credential;
    }

    private IssuedCredential Run()
    {
        IssuedCredential issued = plugin.Run(limit);
        lock (_gate) _issued = issued;
        return issued;
    }
}
