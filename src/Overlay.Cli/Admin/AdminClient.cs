using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Overlay.Cli.Admin;

/// <summary>Asks one daemon by HTTP over its admin socket.</summary>
/// <param name="socket">The socket's path.</param>
internal sealed class AdminClient(string socket)
{
    // The daemon's answer to all questions about packets before its node is made.
    private const string Starting = "overlayd is starting";

    // A report has some 500 bytes for a peer.
    private const long MostOfAnswer = 32 * 1024 * 1024;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    /// <summary>A report of the daemon, for the caller to dispose of.</summary>
    /// <param name="report">Its path below <c>/v1/</c>, with a query where it takes one.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CliException">No daemon answers, or not with a report.</exception>
    public Task<JsonDocument> GetAsync(string report, CancellationToken cancellation) =>
        GetAsync(report, _limit, cancellation);

    /// <inheritdoc cref="GetAsync(string, CancellationToken)"/>
    /// <param name="report">Its path below <c>/v1/</c>, with a query where it takes one.</param>
    /// <param name="limit">How long the daemon may take.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<JsonDocument> GetAsync(string report, TimeSpan limit, CancellationToken cancellation) =>
        JsonDocument.Parse(await AskAsync(HttpMethod.Get, report, null, limit, cancellation));

    /// <summary>Changes a setting of the daemon.</summary>
    /// <param name="setting">Its path below <c>/v1/</c>.</param>
    /// <param name="value">The value, as text.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The answer, JSON.</returns>
    /// <exception cref="CliException">No daemon answers, or it refuses the value.</exception>
    public Task<JsonDocument> PutAsync(string setting, string value, CancellationToken cancellation) =>
        PutAsync(setting, value, _limit, cancellation);

    /// <inheritdoc cref="PutAsync(string, string, CancellationToken)"/>
    /// <param name="setting">Its path below <c>/v1/</c>.</param>
    /// <param name="value">The value, as text.</param>
    /// <param name="limit">How long the daemon may take.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<JsonDocument> PutAsync(
        string setting, string value, TimeSpan limit, CancellationToken cancellation) =>
        JsonDocument.Parse(await AskAsync(HttpMethod.Put, setting, value, limit, cancellation));

    /// <summary>The raw answer to a health question.</summary>
    /// <param name="path">As <c>readyz</c>.</param>
    /// <param name="connected">Called with each new connection; may refuse it by a <see cref="CliException"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CliException">No daemon answers.</exception>
    public async Task<(bool IsGood, string Text)> ProbeAsync(
        string path, Action<Socket> connected, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage answer = await SendAsync(request, connected, _limit, cancellation);
        return (answer.IsSuccessStatusCode, (await answer.Content.ReadAsStringAsync(cancellation)).TrimEnd());
    }

    /// <summary>An answer that goes on for as long as both sides want, for the caller to dispose of.</summary>
    /// <param name="path">Its path below <c>/v1/</c>, with a query where it takes one.</param>
    /// <param name="cancellation">Ends the wait for its begin.</param>
    /// <exception cref="CliException">No daemon answers, or it refuses.</exception>
    public async Task<Stream> OpenAsync(string path, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"v1/{path}");
        HttpResponseMessage answer = await SendAsync(
            request, static _ => { }, _limit, cancellation, HttpCompletionOption.ResponseHeadersRead);
        if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsStreamAsync(cancellation);
        using (answer) _ = await ReadAsync(answer, path, cancellation);
        throw new CliException($"overlayd on {socket} does not stream '{path.Split('?')[0]}'", ExitCode.Failure);
    }

    private async Task<string> AskAsync(
        HttpMethod method, string path, string? body, TimeSpan limit, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, $"v1/{path}");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "text/plain");
        using HttpResponseMessage answer = await SendAsync(request, static _ => { }, limit, cancellation);
        return await ReadAsync(answer, path, cancellation);
    }

    private async Task<string> ReadAsync(HttpResponseMessage answer, string path, CancellationToken cancellation)
    {
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        return answer.StatusCode switch
        {
            _ when answer.IsSuccessStatusCode => text,
            HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed when text.Length == 0 => throw new CliException(
                $"overlayd on {socket} does not know '{path.Split('?')[0]}': its version is another than that of this "
                + "overlayctl; compare them with: overlayctl version", ExitCode.NoDaemon),
            HttpStatusCode.ServiceUnavailable when IsStarting(text) => throw new CliException(
                $"overlayd on {socket} is still starting; overlayctl status says what it waits for", ExitCode.Failure),
            _ when text.Length > 0 => throw new CliException(text.TrimEnd(), ExitCode.Failure),
            _ => throw new CliException($"overlayd on {socket} answers {(int)answer.StatusCode}", ExitCode.Failure),
        };
    }

    private static bool IsStarting(string text) =>
        text.Length == 0 || text.StartsWith(Starting, StringComparison.Ordinal);

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Action<Socket> connected, TimeSpan limit, CancellationToken cancellation,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using SocketsHttpHandler handler = new() { ConnectCallback = ConnectAsync };
        using HttpClient client = new(handler) { BaseAddress = new Uri("http://overlayd/"), Timeout = limit };
        client.MaxResponseContentBufferSize = MostOfAnswer;
        try
        {
            // The connection is the answer's own from its headers on, and goes with it.
            return await client.SendAsync(request, completion, cancellation);
        }
        catch (HttpRequestException exception) when (exception.InnerException is CliException refused)
        {
            throw refused;
        }
        catch (HttpRequestException exception)
        {
            throw new CliException(Advice(exception), ExitCode.NoDaemon);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException($"overlayd on {socket} does not answer in time", ExitCode.NoDaemon);
        }

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(EndPoint(), cancel);
                connected(connection);
                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    private UnixDomainSocketEndPoint EndPoint()
    {
        try
        {
            return new UnixDomainSocketEndPoint(socket);
        }
        catch (ArgumentException)
        {
            throw new CliException(
                $"--socket '{socket}' is not the path of a socket, which has 1 to 107 bytes; example: --socket "
                + "/run/overlay/overlayd.sock", ExitCode.Usage);
        }
    }

    private string Advice(HttpRequestException exception)
    {
        SocketError reason = exception.GetBaseException() is SocketException inner
            ? inner.SocketErrorCode
            : SocketError.SocketError;
        string advice = exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded
            ? $"it answers with more than {MostOfAnswer} bytes, as no overlayd does"
            : reason == SocketError.AccessDenied ? "permission denied; use sudo"
            : IsHangUp(exception, reason)
                ? "it closes the connection without a word, as to users other than root and its own, and to a 65th "
                    + "client"
            : File.Exists(socket) ? $"{exception.GetBaseException().Message}; is it running?"
            : "there is no such file; is it running, and is this its --socket?";
        return $"no overlayd answers on {socket}: {advice}";
    }

    private static bool IsHangUp(HttpRequestException exception, SocketError reason) =>
        exception.HttpRequestError == HttpRequestError.ResponseEnded
            || reason is SocketError.ConnectionReset or SocketError.Shutdown;
}
