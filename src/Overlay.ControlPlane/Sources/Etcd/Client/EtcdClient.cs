using Google.Protobuf;
using Grpc.Core;
using Overlay.ControlPlane.Sources.Etcd.Protocol;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>The part of etcd's v3 API that leases need, over gRPC.</summary>
internal sealed class EtcdClient(EtcdOptions options) : IDisposable
{
    private readonly EtcdCluster _cluster = new(options);

    /// <summary>The end of the client certificate in use; null for none.</summary>
    public DateTimeOffset? CertificateExpiry => _cluster.CertificateExpiry;

    /// <summary>The key; null when there is none.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<EtcdKeyValue?> GetAsync(byte[] key, CancellationToken cancellationToken) =>
        (await RangeAsync(new() { Key = ByteString.CopyFrom(key) }, cancellationToken)).Kvs is [KeyValue entry, ..]
            ? EtcdKeyValue.Of(entry)
            : null;

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

    /// <summary>Does the operation if all conditions hold; returns whether they did.</summary>
    /// <exception cref="EtcdException">
    /// etcd does not answer, or refuses. The operation may have been done all the same.
    /// </exception>
    public async Task<EtcdOutcome> CommitAsync(
        IReadOnlyList<EtcdCondition> conditions, EtcdOperation operation, CancellationToken cancellationToken)
    {
        TxnRequest request = new() { Success = { operation.Message } };
        request.Compare.AddRange(conditions.Select(static condition => condition.Message));
        TxnResponse answer = await _cluster.AskAsync(
            (member, call) => member.Keys.TxnAsync(request, call).ResponseAsync, cancellationToken);
        return new(answer.Succeeded, EtcdHeader.Of(answer.Header).Revision);
    }

    /// <summary>A new etcd lease; returns its number.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public async Task<long> GrantAsync(TimeSpan ttl, CancellationToken cancellationToken)
    {
        LeaseGrantRequest request = new() { TTL = (long)ttl.TotalSeconds };
        LeaseGrantResponse lease = await _cluster.AskAsync(
            (member, call) => member.Leases.LeaseGrantAsync(request, call).ResponseAsync, cancellationToken);
        return lease.Error.Length == 0 ? lease.ID : throw new EtcdException($"etcd grants no lease: {lease.Error}");
    }

    /// <summary>Puts the lease's end off; false when there is no such lease any more.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public Task<bool> KeepAliveAsync(long lease, CancellationToken cancellationToken) =>
        _cluster.AskAsync(
            async (member, call) =>
            {
                using AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> stream =
                    member.Leases.LeaseKeepAlive(call);
                await EtcdMember.SendAsync(stream.RequestStream, new() { ID = lease }, call.CancellationToken);
                LeaseKeepAliveResponse answer =
                    await member.NextAsync(stream.ResponseStream, call.CancellationToken);
                return answer.TTL > 0;
            },
            cancellationToken);

    /// <summary>Gives a lease back, and the keys that go with it.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public Task RevokeAsync(long lease, CancellationToken cancellationToken) =>
        _cluster.AskAsync(
            (member, call) => member.Leases.LeaseRevokeAsync(new() { ID = lease }, call).ResponseAsync,
            cancellationToken);

    /// <summary>Opens a watch; its first message has come.</summary>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    public Task<EtcdWatch> WatchAsync(
        byte[] first, byte[] end, long startRevision, CancellationToken cancellationToken)
    {
        WatchRequest request = new()
        {
            CreateRequest = new()
            {
                Key = ByteString.CopyFrom(first),
                RangeEnd = ByteString.CopyFrom(end),
                StartRevision = startRevision,
                ProgressNotify = true,
                Fragment = true,
            },
        };
        return _cluster.AskAsync(
            (member, call) => EtcdWatch.OpenAsync(
                _cluster, member, request, call, options.SilenceLimit, options.MostChanges),
            cancellationToken);
    }

    public void Dispose() => _cluster.Dispose();

    private async Task<EtcdList> ListPagesAsync(byte[] first, byte[] end, CancellationToken cancellationToken)
    {
        RangeRequest request = new()
        {
            Key = ByteString.CopyFrom(first),
            RangeEnd = ByteString.CopyFrom(end),
            Limit = options.PageSize,
        };
        RangeResponse page = await RangeAsync(request, cancellationToken);
        EtcdHeader header = EtcdHeader.Of(page.Header);
        List<EtcdKeyValue> keys = [.. page.Kvs.Select(EtcdKeyValue.Of)];
        Require(keys.Count);
        while (page.More && page.Kvs.Count > 0)
        {
            // From right behind the last one.
            request = request.Clone();
            (request.Key, request.Revision) = (ByteString.CopyFrom([.. keys[^1].Key, 0]), header.Revision);
            page = await RangeAsync(request, cancellationToken);
            keys.AddRange(page.Kvs.Select(EtcdKeyValue.Of));
            Require(keys.Count);
        }

        return new(header, keys);
    }

    private void Require(int keys)
    {
        if (keys > options.MostKeys)
            throw new EtcdException(
                $"etcd has more than {options.MostKeys} keys below {options.Prefix}: a node has one");
    }

    private Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        _cluster.AskAsync((member, call) => member.Keys.RangeAsync(request, call).ResponseAsync, cancellationToken);
}
