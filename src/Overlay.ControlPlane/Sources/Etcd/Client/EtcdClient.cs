namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>The part of etcd's v3 API that leases need, over its JSON gateway.</summary>
internal sealed class EtcdClient(EtcdOptions options) : IDisposable
{
    private readonly EtcdTransport _transport = new(options);

    /// <summary>The key; null when there is none.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<EtcdKeyValue?> GetAsync(byte[] key, CancellationToken cancellationToken) =>
        (await RangeAsync(new(key), cancellationToken)).Kvs is [EtcdKeyValue entry, ..] ? entry : null;

    /// <summary>Every key from the first to before the end, as they were at one moment.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<EtcdList> ListAsync(byte[] first, byte[] end, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ListPagesAsync(first, end, cancellationToken);
            }
            catch (EtcdException e) when (e.IsCompacted)
            {
                // The moment was compacted away between two pages: another one does as well.
            }
        }
    }

    /// <summary>Does a transaction if all conditions hold; returns whether they did.</summary>
    /// <exception cref="EtcdException">
    /// etcd does not answer, or refuses. The transaction may have been done all the same.
    /// </exception>
    public Task<EtcdTransactionResponse> CommitAsync(
        EtcdTransaction transaction, CancellationToken cancellationToken) =>
        _transport.PostAsync("v3/kv/txn", transaction, EtcdJsonContext.Default.EtcdTransaction,
            EtcdJsonContext.Default.EtcdTransactionResponse, cancellationToken);

    /// <summary>A new etcd lease.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<EtcdLeaseResponse> GrantAsync(TimeSpan ttl, CancellationToken cancellationToken)
    {
        EtcdLeaseResponse lease = await _transport.PostAsync(
            "v3/lease/grant", new((long)ttl.TotalSeconds), EtcdJsonContext.Default.EtcdGrantRequest,
            EtcdJsonContext.Default.EtcdLeaseResponse, cancellationToken);
        return lease.Error is null ? lease : throw new EtcdException($"etcd grants no lease: {lease.Error}");
    }

    /// <summary>Puts the lease's end off; false when there is no such lease any more.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<bool> KeepAliveAsync(long lease, CancellationToken cancellationToken)
    {
        EtcdStreamed<EtcdLeaseResponse> answer = await _transport.PostAsync(
            "v3/lease/keepalive", new(lease), EtcdJsonContext.Default.EtcdLeaseRequest,
            EtcdJsonContext.Default.EtcdStreamedEtcdLeaseResponse, cancellationToken);
        return answer.Result is { } result
            ? result.Ttl > 0
            : throw new EtcdException(
                $"etcd does not renew the lease: {answer.Error?.Message ?? "it does not say why"}",
                answer.Error?.GrpcCode ?? 0);
    }

    /// <summary>Gives a lease back, and the keys that go with it.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public Task RevokeAsync(long lease, CancellationToken cancellationToken) =>
        _transport.PostAsync("v3/lease/revoke", new(lease), EtcdJsonContext.Default.EtcdLeaseRequest,
            EtcdJsonContext.Default.EtcdLeaseResponse, cancellationToken);

    /// <summary>Opens a watch; its first message has come.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<EtcdWatch> WatchAsync(
        byte[] first, byte[] end, long startRevision, CancellationToken cancellationToken) => new(
        await _transport.OpenAsync("v3/watch", new(new(first, end, startRevision, ProgressNotify: true)),
            EtcdJsonContext.Default.EtcdWatchRequest, cancellationToken),
        _transport, options.SilenceLimit);

    public void Dispose() => _transport.Dispose();

    private async Task<EtcdList> ListPagesAsync(byte[] first, byte[] end, CancellationToken cancellationToken)
    {
        EtcdRangeResponse page = await RangeAsync(new(first, end, options.PageSize), cancellationToken);
        EtcdHeader header = page.Header;
        List<EtcdKeyValue> keys = [.. page.Kvs ?? []];
        while (page.More && keys.Count > 0)
        {
            // From right behind the last one.
            page = await RangeAsync(
                new([.. keys[^1].Key, 0], end, options.PageSize, header.Revision), cancellationToken);
            keys.AddRange(page.Kvs ?? []);
        }

        return new(header, keys);
    }

    private Task<EtcdRangeResponse> RangeAsync(EtcdRangeRequest request, CancellationToken cancellationToken) =>
        _transport.PostAsync("v3/kv/range", request, EtcdJsonContext.Default.EtcdRangeRequest,
            EtcdJsonContext.Default.EtcdRangeResponse, cancellationToken);
}
