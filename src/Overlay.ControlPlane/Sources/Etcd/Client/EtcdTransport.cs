using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>
/// POSTs JSON to whichever member of the cluster answers: fails over, signs in, and never waits without end.
/// </summary>
/// <remarks>
/// The member that answered last is asked first. Every request may be asked twice, when an answer is lost.
/// </remarks>
internal sealed class EtcdTransport : IDisposable
{
    // A token may be refused more than once where users are being changed; a wrong password is refused for good.
    private const int SignInTries = 3;
    private const int ShownLength = 120;

    private readonly EtcdOptions _options;
    private readonly EtcdTls _tls;
    private volatile HttpClient _http;
    private volatile string? _token;
    private volatile int _current;

    /// <exception cref="InvalidDataException">
    /// A file of the options cannot be used; the message names key and file.
    /// </exception>
    public EtcdTransport(EtcdOptions options)
    {
        _options = options;
        _tls = new(options);
        _http = Open(_tls.Load());
    }

    /// <summary>One request, one answer.</summary>
    /// <exception cref="EtcdException">No member answers, or a member refuses.</exception>
    public Task<TAnswer> PostAsync<TRequest, TAnswer>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken)
        where TAnswer : class
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return AskAsync((endpoint, limit) => AnswerAsync(endpoint, path, body, answerType, limit), cancellationToken);
    }

    /// <summary>One request, an answer without end; the first line of it has come when this returns.</summary>
    /// <exception cref="EtcdException">No member answers, or a member refuses.</exception>
    public Task<EtcdStream> OpenAsync<TRequest>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, CancellationToken cancellationToken)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return AskAsync((endpoint, limit) => BeginAsync(endpoint, path, body, limit), cancellationToken);
    }

    /// <summary>The member is to be asked last from now on.</summary>
    public void Avoid(Uri endpoint)
    {
        if (_options.Endpoints[_current] == endpoint) _current = (_current + 1) % _options.Endpoints.Count;
    }

    /// <summary>The next request signs in anew.</summary>
    public void ForgetToken() => _token = null;

    public void Dispose() => _http.Dispose();

    private HttpClient Open(SslClientAuthenticationOptions tls) => new(new SocketsHttpHandler
    {
        ConnectTimeout = _options.RequestTimeout,
        ConnectCallback = ConnectAsync,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        UseProxy = false,
        AllowAutoRedirect = false,
        SslOptions = tls,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    // The client before is not disposed: a watch may be reading from it, and its idle connections close by themselves.
    private void RenewTls()
    {
        if (_tls.TryReload() is { } renewed) _http = Open(renewed);
    }

    // A member that has vanished without a word is noticed by the kernel, in 25 s, also where nothing is being sent.
    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<T> AskAsync<T>(Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        RenewTls();
        List<string> reasons = [];
        int first = _current;
        for (int i = 0; i < _options.Endpoints.Count; i++)
        {
            int index = (first + i) % _options.Endpoints.Count;
            Uri endpoint = _options.Endpoints[index];
            try
            {
                T answer = await AskMemberAsync(endpoint, ask, cancellationToken);
                _current = index;
                return answer;
            }
            catch (EtcdException e) when (!e.IsDefinite)
            {
                reasons.Add(e.Message);
            }
        }

        if (_tls.Problem is { } problem) reasons.Add(problem);
        throw new EtcdException(string.Join("; ", reasons));
    }

    private async Task<T> AskMemberAsync<T>(
        Uri endpoint, Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                if (_options.Username is not null && _token is null) await SignInAsync(endpoint, cancellationToken);
                return await BoundAsync(endpoint, ask, cancellationToken);
            }
            catch (EtcdException e) when (_options.Username is not null
                && tries < SignInTries && (e.IsTokenRefused || (e.IsPermissionDenied && _token == "")))
            {
                ForgetToken();
            }
        }
    }

    private async Task SignInAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new EtcdCredentials(_options.Username!, _options.Password ?? ""), EtcdJsonContext.Default.EtcdCredentials);
        try
        {
            EtcdToken answer = await BoundAsync(
                endpoint, (_, limit) => AnswerAsync(endpoint, "v3/auth/authenticate", body,
                    EtcdJsonContext.Default.EtcdToken, limit), cancellationToken);
            _token = answer.Token ?? "";
        }
        catch (EtcdException e) when (e.IsAuthenticationOff)
        {
            _token = "";
        }
    }

    private async Task<T> BoundAsync<T>(
        Uri endpoint, Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.RequestTimeout);
        try
        {
            return await ask(endpoint, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EtcdException(
                $"{NameOf(endpoint)} has not answered for {_options.RequestTimeout.TotalSeconds:0.#} s", inner: e);
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException and not EtcdException or JsonException or AuthenticationException)
        {
            throw new EtcdException(
                $"{NameOf(endpoint)} does not answer: {(e.InnerException ?? e).Message.TrimEnd('.')}", inner: e);
        }
    }

    private async Task<T> AnswerAsync<T>(
        Uri endpoint, string path, byte[] body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using HttpResponseMessage response = await SendAsync(endpoint, path, body, cancellationToken);
        await using Stream content = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(content, type, cancellationToken)
            ?? throw new JsonException($"null is no answer to {path}");
    }

    private async Task<EtcdStream> BeginAsync(
        Uri endpoint, string path, byte[] body, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendAsync(endpoint, path, body, cancellationToken);
        EtcdStream stream = new(endpoint, response, await response.Content.ReadAsStreamAsync(cancellationToken));
        try
        {
            await stream.PeekAsync(cancellationToken);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        Uri endpoint, string path, byte[] body, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(endpoint, path))
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new("application/json");
        if (!string.IsNullOrEmpty(_token)) _ = request.Headers.TryAddWithoutValidation("Authorization", _token);

        // A member without a leader is to say so, not to go on with what it knows: the next one may have one.
        request.Headers.Add("Grpc-Metadata-hasleader", "true");
        HttpResponseMessage response =
            await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            throw await RefusalAsync(endpoint, path, response, cancellationToken);
        }
    }

    private static async Task<EtcdException> RefusalAsync(
        Uri endpoint, string path, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize(body, EtcdJsonContext.Default.EtcdError) is { Message: { } message } error)
                return new($"{NameOf(endpoint)} says: {message}", error.Code);
        }
        catch (JsonException)
        {
            // Something else than etcd's API; or etcd, which with users refuses a certificate that has a common name.
        }

        string said = string.Concat(body.Take(ShownLength).Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
        return new(
            $"{NameOf(endpoint)} answers {(int)response.StatusCode} to /{path}, as etcd's v3 gateway does not: {said}");
    }

    // Without what may be a password in it.
    private static string NameOf(Uri endpoint) =>
        endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
