using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.ControlPlane.Sources;

/// <summary>The certificate that this node shows a store, and its key. Immutable.</summary>
/// <param name="Certificate">PEM text: the certificate, then those between it and the authority.</param>
/// <param name="Key">PEM text.</param>
internal sealed record ClientCertificate(string Certificate, string Key)
{
    /// <summary>Its kind: the key is secret.</summary>
    public override string ToString() => "a client certificate with its key";

    /// <summary>The form that connections show, intermediate certificates included.</summary>
    /// <exception cref="CryptographicException">A text cannot be used, or the key is another certificate's.</exception>
    public SslStreamCertificateContext ToContext()
    {
        try
        {
            X509Certificate2Collection chain = [];
            chain.ImportFromPem(Certificate);

            // Offline: a handshake must not wait for the authority's web server.
            return SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPem(Certificate, Key), chain, offline: true);
        }
        catch (ArgumentException exception)
        {
            // The name of .NET for a key that does not fit.
            throw new CryptographicException(exception.Message, exception);
        }
    }
}
