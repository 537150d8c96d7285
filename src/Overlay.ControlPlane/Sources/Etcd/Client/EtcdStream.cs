using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>An answer of many messages, each on a line.</summary>
internal sealed class EtcdStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;
    private string? _first;

    public EtcdStream(Uri endpoint, HttpResponseMessage response, Stream content)
    {
        Endpoint = endpoint;
        _response = response;
        _lines = new(content);
    }

    /// <summary>The member that answers.</summary>
    public Uri Endpoint { get; }

    /// <summary>Waits for the first message, which the first <see cref="ReadAsync"/> then gives.</summary>
    public async Task PeekAsync(CancellationToken cancellationToken) => _first = await NextAsync(cancellationToken);

    /// <summary>The next message.</summary>
    /// <exception cref="EtcdException">The answer has ended.</exception>
    public async Task<T> ReadAsync<T>(JsonTypeInfo<EtcdStreamed<T>> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            string line = _first ?? await NextAsync(cancellationToken);
            _first = null;
            EtcdStreamed<T>? message = JsonSerializer.Deserialize(line, type);
            if (message?.Result is { } result) return result;
            throw new EtcdException($"etcd ended its answer: {message?.Error?.Message ?? "without a reason"}",
                message?.Error?.GrpcCode ?? 0);
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not EtcdException or JsonException)
        {
            throw new EtcdException($"etcd's answer broke off: {e.Message.TrimEnd('.')}", inner: e);
        }
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }

    private async Task<string> NextAsync(CancellationToken cancellationToken) =>
        await _lines.ReadLineAsync(cancellationToken) ?? throw new EndOfStreamException("the connection was closed");
}
