using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// Checks the API server's certificate against the cluster's own authorities, read anew for every connection.
/// </summary>
/// <param name="authorities">The trusted authorities; null for the system's.</param>
internal sealed class ServerTrust(PemSource? authorities)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <exception cref="AuthenticationException">
    /// The server is not to be trusted; the message says why, as a plain false would not.
    /// </exception>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) throw new AuthenticationException("the server shows no certificate");
        using X509Certificate2 shown = new(certificate);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw new AuthenticationException(
                $"the server's certificate {shown.Subject} is for another name or address");
        if (authorities is null)
        {
            if (errors == SslPolicyErrors.None) return true;
            throw new AuthenticationException(
                $"the server's certificate {shown.Subject} is not signed by an authority of this system");
        }

        return IsVouchedFor(shown, chain, Read(authorities));
    }

    // Each authority is tried by itself: a cluster that replaces its authority has two of the same name for a while,
    // and a chain is built with the first that fits the name.
    private bool IsVouchedFor(X509Certificate2 shown, X509Chain? sent, X509Certificate2Collection trusted)
    {
        string reason = "there is none in it";
        foreach (X509Certificate2 authority in trusted)
        {
            using X509Chain chain = new();
            if (IsVouchedFor(shown, sent, authority, chain)) return true;
            reason =
                string.Join(", ", chain.ChainStatus.Select(static status => status.StatusInformation.TrimEnd('.')));
        }

        throw new AuthenticationException(
            $"the server's certificate {shown.Subject} is not vouched for by the authorities in {authorities}: "
            + $"{reason}");
    }

    private static bool IsVouchedFor(
        X509Certificate2 shown, X509Chain? sent, X509Certificate2 authority, X509Chain chain)
    {
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        _ = chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        _ = chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            _ = chain.ChainPolicy.ExtraStore.Add(element.Certificate);

        // A cluster's authority may itself be signed by one that the cluster does not know. What is asked instead of a
        // known root is that the given authority is in the chain.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        return chain.Build(shown)
            && chain.ChainElements.Any(
                element => authority.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span));
    }

    private static X509Certificate2Collection Read(PemSource source)
    {
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(source.Read());
            return certificates;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new AuthenticationException(
                $"the authorities in {source} cannot be read: {exception.Message}", exception);
        }
    }
}
