using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Lab.Stores;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>A certificate authority for one test, with PEM files as an operator would have them.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly X509Certificate2 _authority;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private int _serial;

    public TestAuthority()
    {
        CertificateRequest request = new("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(24));
        CaFile = _directory["ca.pem"];
        File.WriteAllText(CaFile, _authority.ExportCertificatePem());
        (string cert, string key) = Issue("server");
        (ClientCertFile, ClientKeyFile) = Issue("client");
        (UnnamedCertFile, UnnamedKeyFile) = Issue("unnamed", "O=overlay");
        Server = new(CaFile, cert, key, ClientCertFile, ClientKeyFile);
    }

    public string CaFile { get; }

    public string ClientCertFile { get; }

    public string ClientKeyFile { get; }

    /// <summary>Without a common name: etcd's gateway takes no other once there are users.</summary>
    public string UnnamedCertFile { get; }

    public string UnnamedKeyFile { get; }

    public EtcdServerTls Server { get; }

    public string Path(string file) => _directory[file];

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _directory.Dispose();
    }

    /// <summary>Puts a new client certificate of this authority in the place of the one that is there.</summary>
    public void RenewClient() => Issue("client");

    private (string Cert, string Key) Issue(string name, string? subject = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject ?? $"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        using X509Certificate2 certificate =
            request.Create(_authority, _authority.NotBefore, _authority.NotAfter, [(byte)++_serial]);
        File.WriteAllText(_directory[$"{name}.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_directory[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
        return (_directory[$"{name}.pem"], _directory[$"{name}.key"]);
    }
}
