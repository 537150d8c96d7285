using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Testing.Kubernetes;

/// <summary>An authority of its own, and what it signs.</summary>
public sealed class StandinCertificates
{
    public const string DefaultName = "stand-in authority";

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _authority;

    public StandinCertificates(string name = DefaultName)
    {
        CertificateRequest request = AuthorityRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>The authority, for a client to trust.</summary>
    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>For a server of those names and addresses.</summary>
    public X509Certificate2 Server(params string[] names)
    {
        SubjectAlternativeNameBuilder alternatives = new();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        // Through PKCS 12, for a key that exists only in memory does not serve everywhere.
        using X509Certificate2 signed = Sign(_authority, "CN=stand-in", "1.3.6.1.5.5.7.3.1", alternatives.Build());
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A client's certificate and key.</summary>
    public (string Certificate, string Key) Client(string name)
    {
        using X509Certificate2 signed = Sign(_authority, $"CN={name}", ClientAuthentication, null);
        return (signed.ExportCertificatePem(), signed.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A client's certificate, that of the intermediate authority which has signed it, and the key.</summary>
    public (string Certificates, string Key) ClientOfIntermediate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = AuthorityRequest($"{name}'s authority", key);
        using X509Certificate2 unkeyed = Sign(_authority, request);
        using X509Certificate2 intermediate = unkeyed.CopyWithPrivateKey(key);
        using X509Certificate2 signed = Sign(intermediate, $"CN={name}", ClientAuthentication, null);
        return ($"{signed.ExportCertificatePem()}\n{intermediate.ExportCertificatePem()}\n",
            signed.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The check of a server that knows this authority alone: the rest of the chain has to be sent.</summary>
    public bool Vouches(X509Certificate2 shown, X509Chain? sent, SslPolicyErrors errors)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        _ = chain.ChainPolicy.CustomTrustStore.Add(_authority);
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(shown);
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static X509Certificate2 Sign(
        X509Certificate2 authority, string subject, string usage, X509Extension? alternatives)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (alternatives is not null) request.CertificateExtensions.Add(alternatives);
        using X509Certificate2 signed = Sign(authority, request);
        return signed.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Sign(X509Certificate2 authority, CertificateRequest request) =>
        request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
}
