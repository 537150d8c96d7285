namespace Overlay.ControlPlane.Leases;

/// <summary>A source whose single requests end, with an error, when the store does not answer.</summary>
/// <remarks>
/// A network file system whose server is gone lets every call wait for ever. A node still has to start, with its saved
/// state, and to stop. Requests that wait for the store by their nature are not bounded: their callers bound them.
/// </remarks>
/// <param name="source">The source that may hang.</param>
/// <param name="limit">How long a request may take.</param>
public sealed class BoundedLeaseSource(ILeaseSource source, TimeSpan limit) : ILeaseSource, IDisposable
{
    /// <inheritdoc/>
    public StoreLocation Location => source.Location;

    /// <inheritdoc/>
    public StoreStatus Status => source.Status;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Problems => source.Problems;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => source.Warnings;

    /// <inheritdoc/>
    public long WatchRestarts(WatchEnd end) => source.WatchRestarts(end);

    /// <inheritdoc/>
    public long Relists => source.Relists;

    /// <inheritdoc/>
    public DateTimeOffset? CertificateExpiry => source.CertificateExpiry;

    /// <inheritdoc/>
    public Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken) =>
        source.ReadSettingsAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken) =>
        source.AcquireAsync(request, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<LeaseUpdate> WatchAsync(IReadOnlyList<Lease> known, CancellationToken cancellationToken) =>
        source.WatchAsync(known, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken) =>
        source.WatchPodCidrsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Lease?> FindAsync(string node, CancellationToken cancellationToken) =>
        BoundAsync(source.FindAsync(node, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task PublishAsync(Lease own, CancellationToken cancellationToken) =>
        BoundAsync(AnswerOf(source.PublishAsync(own, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public Task ReportReadyAsync(string node, CancellationToken cancellationToken) =>
        BoundAsync(AnswerOf(source.ReportReadyAsync(node, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public Task WithdrawAsync(string node, CancellationToken cancellationToken) =>
        BoundAsync(AnswerOf(source.WithdrawAsync(node, cancellationToken)), cancellationToken);

    /// <summary>Disposes the source, where that is needed.</summary>
    public void Dispose() => (source as IDisposable)?.Dispose();

    private async Task<T> BoundAsync<T>(Task<T> request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.WaitAsync(limit, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new IOException($"the store has not answered for {limit.TotalSeconds:0.#} s", exception);
        }
    }

    private static async Task<bool> AnswerOf(Task request)
    {
        await request;
        return true;
    }
}
