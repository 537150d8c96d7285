namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>An open watch.</summary>
internal sealed class EtcdWatch(EtcdStream stream, EtcdTransport transport, TimeSpan silenceLimit) : IDisposable
{
    /// <summary>
    /// The next message; null when there was none for too long to believe that the member still lives.
    /// </summary>
    /// <exception cref="EtcdException">The watch has ended, and not for a compaction.</exception>
    public async Task<EtcdWatchResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(silenceLimit);
        try
        {
            EtcdWatchResponse message =
                await stream.ReadAsync(EtcdJsonContext.Default.EtcdStreamedEtcdWatchResponse, limit.Token);
            if (!message.Canceled || message.CompactRevision > 0) return message;

            // Not every refusal of a token says so; a new one costs little.
            transport.ForgetToken();
            throw new EtcdException(
                "etcd ended the watch: "
                + $"{(string.IsNullOrEmpty(message.CancelReason) ? "without a reason" : message.CancelReason)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (EtcdException)
        {
            transport.Avoid(stream.Endpoint);
            throw;
        }
    }

    public void Dispose() => stream.Dispose();
}
