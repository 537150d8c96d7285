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

    public ValueTask<Credential> CurrentAsync(CancellationToken cancellationToken) =>
        GetAsync(issued => !(issued.ValidUntil <= time.GetUtcNow()), cancellationToken);

    public ValueTask<Credential> RenewAsync(Credential refused, CancellationToken cancellationToken) =>
        GetAsync(issued => issued.Credential != refused, cancellationToken);

    // All requests that wait share a run. A request that waits no longer leaves it to the next one.
    private async ValueTask<Credential> GetAsync(
        Predicate<IssuedCredential> isGood, CancellationToken cancellationToken)
    {
        Task<IssuedCredential> run;
        lock (_gate)
        {
            if (_run is { IsCompletedSuccessfully: true }) _issued = _run.Result;
            if (_issued is { } issued && isGood(issued)) return issued.Credential;
            if (_run is null or { IsCompleted: true })
                _run = Task.Run(() => plugin.Run(limit), CancellationToken.None);
            run = _run;
        }

        try
        {
            return (await run.WaitAsync(cancellationToken)).Credential;
        }
        catch (OperationCanceledException exception)
        {
            throw new CredentialException(
                $"cannot be asked: credential plugin {plugin.Command} has not ended yet", exception);
        }
    }
}
