using System.Net;
using System.Net.Http.Headers;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Shows the token with every request, and once more where it was refused and has been replaced.</summary>
internal sealed class TokenHandler(BearerToken token, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string? shown = Show(request);
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || !token.HasReplaced(shown)) return response;
        response.Dispose();
        _ = Show(request);
        return await base.SendAsync(request, cancellationToken);
    }

    private string? Show(HttpRequestMessage request)
    {
        string? current = token.Current;
        request.Headers.Authorization = current is null ? null : new AuthenticationHeaderValue("Bearer", current);
        return current;
    }
}
