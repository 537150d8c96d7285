using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// The requests of this daemon to the API server. Every failure is an <see cref="ApiServerException"/>.
/// </summary>
internal sealed class ApiServerClient(
    HttpClient http, ApiServerAccess access, NodeParser parser, KubernetesTimings timings,
    string rights = "get, list and watch on nodes, and patch on nodes/status") : IDisposable
{
    /// <summary>The path of Nodes.</summary>
    public const string Nodes = "api/v1/nodes";

    /// <summary>The longest object, in bytes: the store behind the API takes none of more than 1.5 MB.</summary>
    public const int LongestObject = 16 * 1024 * 1024;

    private const int LongestError = 64 * 1024;
    private static readonly MediaTypeHeaderValue _strategicMerge = new("application/strategic-merge-patch+json");

    /// <summary>One Node; null when there is none of that name.</summary>
    public async Task<ApiNode?> GetNodeAsync(string name, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"{Nodes}/{Uri.EscapeDataString(name)}");
        try
        {
            return await ReadNodeAsync(request, cancellationToken);
        }
        catch (ApiServerException exception) when (exception.Status == HttpStatusCode.NotFound
            && exception.Message.Contains($"\"{name}\"", StringComparison.Ordinal))
        {
            // Another 404 is that of a server which has no nodes at all.
            return null;
        }
    }

    /// <summary>
    /// Merges a patch into a Node by its status subresource, which also takes annotations; the Node as it is then.
    /// </summary>
    public async Task<ApiNode> PatchStatusAsync(string name, byte[] patch, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Patch, $"{Nodes}/{Uri.EscapeDataString(name)}/status");
        request.Content = new ByteArrayContent(patch) { Headers = { ContentType = _strategicMerge } };
        return await ReadNodeAsync(request, cancellationToken);
    }

    /// <summary>The answer to a list or a watch, to be read as it comes.</summary>
    /// <param name="request">Path and query below the server's URL.</param>
    /// <param name="cancellationToken">Ends the request, and the reading of its answer.</param>
    public async Task<ApiStream> OpenAsync(string request, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, request);
        HttpResponseMessage response = await SendAsync(message, timings.QueueTimeout, cancellationToken);
        try
        {
            return new(response, await response.Content.ReadAsStreamAsync(
                cancellationToken), timings.SilenceTimeout, cancellationToken);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ApiNode> ReadNodeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timings.RequestTimeout);
        try
        {
            using HttpResponseMessage response = await SendAsync(request, timings.RequestTimeout, cancellationToken);
            await response.Content.LoadIntoBufferAsync(LongestObject, limit.Token);
            byte[] body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return parser.ReadObject(body)
                ?? throw new ApiServerException(null, "has answered with text that is no Node");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAnswer(timings.RequestTimeout);
        }
        catch (HttpRequestException exception)
            when (exception.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ApiServerException(
                null, $"answers with an object of more than {LongestObject} bytes", cause: exception);
        }
        catch (HttpRequestException exception)
        {
            throw Unreachable(exception);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, TimeSpan patience, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.IsSuccessStatusCode ? response : throw await RefusalAsync(response, limit.Token);
        }
        catch (Exception exception)
        {
            response?.Dispose();
            if (exception is OperationCanceledException { InnerException: TimeoutException } timeout
                && !limit.IsCancellationRequested) throw Unreachable(timeout);
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw NoAnswer(patience);
            if (exception is CredentialException)
            {
                // A caller that stops waits for no plugin: that is no failure.
                cancellationToken.ThrowIfCancellationRequested();
                throw new ApiServerException(null, exception.Message, cause: exception);
            }

            // .NET lets the socket's own error out where a connection is reset while it is being opened.
            if (exception is HttpRequestException or SocketException or (IOException and not ApiServerException))
                throw Unreachable(exception);
            throw;
        }
    }

    private async Task<ApiServerException> RefusalAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = new byte[LongestError];
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        string? said = parser.ReadObject(body.AsSpan(0, length))?.Message;
        TimeSpan? retryAfter = response.Headers.RetryAfter?.Delta;
        return Refusal(response.StatusCode, said ?? response.ReasonPhrase, retryAfter);
    }

    /// <summary>
    /// The server's refusal, in a status of HTTP or in the middle of a watch, with a hint what to do.
    /// </summary>
    public ApiServerException Refusal(HttpStatusCode status, string? said, TimeSpan? retryAfter = null)
    {
        string what = $"answers {(int)status} {status}"
            + (string.IsNullOrEmpty(said) ? "" : $": {ShownText.Of(said, ShownText.SentenceLength)}");
        return new(status, status switch
        {
            HttpStatusCode.Unauthorized => $"{what}: it does not take {access.Credentials}",
            HttpStatusCode.Forbidden =>
                $"{what}; the daemon's ClusterRole needs {rights}",
            HttpStatusCode.NotFound => $"{what}; is this the URL of an API server?",
            _ => what,
        }, retryAfter);
    }

    private ApiServerException NoAnswer(TimeSpan patience) =>
        new(null, $"has not answered{access.Way} for {patience.TotalSeconds:0.#} s{access.Advice}");

    private ApiServerException Unreachable(Exception exception) =>
        new(null, $"cannot be reached{access.Way}: {ReasonOf(exception)}{access.Advice}", cause: exception);

    private static string ReasonOf(Exception exception) => exception is OperationCanceledException
        ? $"no connection within {ApiServerConnection.ConnectTimeout.TotalSeconds:0.#} s"
        : exception.GetBaseException().Message;
}
