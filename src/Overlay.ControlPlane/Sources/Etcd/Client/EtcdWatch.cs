using Grpc.Core;
using Overlay.ControlPlane.Sources.Etcd.Protocol;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>
/// A message of a watch: that it was made, events, that nothing was missed up to a revision, or its end by a
/// compaction. Immutable.
/// </summary>
/// <param name="Header">The store and its revision.</param>
/// <param name="Created">The watch was made.</param>
/// <param name="CompactRevision">More than 0 where changes have been compacted away: the oldest revision left.</param>
/// <param name="Events">Whole revisions.</param>
internal sealed record EtcdWatchMessage(
    EtcdHeader Header, bool Created, long CompactRevision, IReadOnlyList<EtcdEvent> Events);

/// <summary>An open watch.</summary>
internal sealed class EtcdWatch : IDisposable
{
    private readonly EtcdCluster _cluster;
    private readonly EtcdMember _member;
    private readonly AsyncDuplexStreamingCall<WatchRequest, WatchResponse> _call;
    private readonly TimeSpan _silenceLimit;
    private readonly int _mostChanges;
    private WatchResponse? _first;

    private EtcdWatch(
        EtcdCluster cluster, EtcdMember member, AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call,
        TimeSpan silenceLimit, int mostChanges)
    {
        (_cluster, _member) = (cluster, member);
        (_call, _silenceLimit, _mostChanges) = (call, silenceLimit, mostChanges);
    }

    /// <summary>Opens a watch and waits for its first message, which the first <see cref="ReadAsync"/> gives.</summary>
    /// <exception cref="RpcException">The member does not answer in time, or refuses.</exception>
    public static async Task<EtcdWatch> OpenAsync(
        EtcdCluster cluster, EtcdMember member, WatchRequest request, CallOptions options, TimeSpan silenceLimit,
        int mostChanges)
    {
        // The limits of the options are those of the first message.
        AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call =
            member.Watches.Watch(new CallOptions(options.Headers));
        try
        {
            await EtcdMember.SendAsync(call.RequestStream, request, options.CancellationToken);
            return new(cluster, member, call, silenceLimit, mostChanges)
            {
                _first = await member.NextAsync(call.ResponseStream, options.CancellationToken),
            };
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The next message; null when there was none for too long to believe that the member still lives.
    /// </summary>
    /// <exception cref="EtcdException">The watch has ended, and not for a compaction.</exception>
    public async Task<EtcdWatchMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_silenceLimit);
        try
        {
            return await JoinAsync(limit.Token);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (e is not RpcException failure || limit.IsCancellationRequested) return null;
            _cluster.Avoid(_member.Endpoint);
            throw _member.Failure(failure);
        }
        catch (EtcdException)
        {
            _cluster.Avoid(_member.Endpoint);
            throw;
        }
    }

    public void Dispose() => _call.Dispose();

    // A message that is too large for etcd comes in fragments, which may part the events of one revision: who went on
    // from the last event of a fragment would miss the others.
    private async Task<EtcdWatchMessage> JoinAsync(CancellationToken cancellationToken)
    {
        List<EtcdEvent> events = [];
        while (true)
        {
            WatchResponse message = _first ?? await _member.NextAsync(_call.ResponseStream, cancellationToken);
            _first = null;
            if (message is { Canceled: true, CompactRevision: 0 })
            {
                // Not every refusal of a token says so; a new one costs little.
                _cluster.ForgetToken();
                string reason = message.CancelReason.Length > 0 ? message.CancelReason : "without a reason";
                throw new EtcdException($"etcd ended the watch: {reason}");
            }

            events.AddRange(message.Events.Select(EtcdEvent.Of));
            if (events.Count > _mostChanges)
                throw new EtcdException($"etcd sends more than {_mostChanges} changes at once");
            if (message.Fragment) continue;
            return new(EtcdHeader.Of(message.Header), message.Created, message.CompactRevision, events);
        }
    }
}
