using System.Net;
using System.Net.Http.Headers;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// Shows credentials with every request, and once more where they were refused and there are others. Thread-safe.
/// </summary>
/// <param name="credentials">Gives them.</param>
/// <param name="own">The client certificate where they have none; null for none.</param>
/// <param name="open">Makes connections that show that client certificate.</param>
internal sealed class CredentialHandler(
    ICredentialSource credentials, KubeconfigCertificate? own, Func<ClientCertificate?, HttpMessageHandler> open)
    : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private Connections _connections = new(null, new(open(null)));

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Credential shown = await credentials.CurrentAsync(cancellationToken);
        HttpResponseMessage response = await ShowAsync(request, shown, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized) return response;
        Credential other = await credentials.RenewAsync(shown, cancellationToken);
        if (other == shown) return response;
        response.Dispose();
        return await ShowAsync(request, other, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _connections.Http.Dispose();
        base.Dispose(disposing);
    }

    private Task<HttpResponseMessage> ShowAsync(
        HttpRequestMessage request, Credential credential, CancellationToken cancellationToken)
    {
        request.Headers.Authorization =
            credential.Token is null ? null : new AuthenticationHeaderValue("Bearer", credential.Token);
        return With(credential.Certificate ?? own?.Current()).SendAsync(request, cancellationToken);
    }

    // A connection keeps the certificate that it was opened with. Those of the one before are not closed: a watch may
    // be reading from them, and idle ones close by themselves.
    private HttpMessageInvoker With(ClientCertificate? certificate)
    {
        lock (_gate)
        {
            if (_connections.Certificate != certificate) _connections = new(certificate, new(open(certificate)));
            return _connections.Http;
        }
    }

    private sealed record Connections(ClientCertificate? Certificate, HttpMessageInvoker Http);
}
