namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>The credential that the API server is shown with a request. Immutable.</summary>
/// <param name="Token">The bearer token; null for none.</param>
/// <param name="Certificate">The client certificate of a credential plugin; null for none.</param>
internal sealed record Credential(string? Token, ClientCertificate? Certificate)
{
    /// <summary>Nothing to show.</summary>
    public static Credential None { get; } = new(null, null);

    /// <summary>Its kind: what it is made of is secret.</summary>
    public override string ToString() =>
        (Token is null ? "no token" : "a token") + (Certificate is null ? "" : " and a client certificate");
}

/// <summary>Gives credentials, which may be others from request to request. Thread-safe.</summary>
internal interface ICredentialSource
{
    /// <exception cref="CredentialException">There are none to be had.</exception>
    ValueTask<Credential> CurrentAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The credential to show instead of one that the server has refused; the same where there is none.
    /// </summary>
    /// <exception cref="CredentialException">There are none to be had.</exception>
    ValueTask<Credential> RenewAsync(Credential refused, CancellationToken cancellationToken);
}

/// <summary>The server cannot be asked, for there are no credentials to show.</summary>
internal sealed class CredentialException(string message, Exception? cause = null) : IOException(message, cause);
