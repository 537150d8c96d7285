namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>The body of a list or a watch; reading fails when nothing comes for too long.</summary>
internal sealed class ApiStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly TimeSpan _silence;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _limit;

    public ApiStream(HttpResponseMessage response, Stream stream, TimeSpan silence, CancellationToken stop)
    {
        _response = response;
        _stream = stream;
        _silence = silence;
        _stop = stop;
        _limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    /// <summary>The number of bytes read; 0 at the end.</summary>
    /// <exception cref="IOException">The connection broke, or nothing came for too long.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        _limit.CancelAfter(_silence);
        try
        {
            return await _stream.ReadAsync(buffer, _limit.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            throw new IOException($"has sent nothing for {_silence.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new IOException($"breaks off its answer: {exception.GetBaseException().Message}", exception);
        }
    }

    public void Dispose()
    {
        _limit.Dispose();
        _response.Dispose();
    }
}
