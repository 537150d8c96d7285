using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Testing.Kubernetes;

/// <summary>An authority of its own, and what it signs.</summary>
public sealed class StandinCertificates
{
    public const string DefaultName = "stand-in authority";

    private readonly X509Certificate2 _authority;

    public StandinCertificates(string name = DefaultName)
    {
        CertificateRequest request =
            new($"CN={name}", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
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
        using X509Certificate2 signed = Sign("CN=stand-in", "1.3.6.1.5.5.7.3.1", alternatives.Build());
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A client's certificate and key.</summary>
    public (string Certificate, string Key) Client(string name)
    {
        using X509Certificate2 signed = Sign($"CN={name}", "1.3.6.1.5.5.7.3.2", null);
        return (signed.ExportCertificatePem(), signed.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Sign(string subject, string usage, X509Extension? alternatives)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (alternatives is not null) request.CertificateExtensions.Add(alternatives);
        using X509Certificate2 signed =
            request.Create(_authority, _authority.NotBefore, _authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
