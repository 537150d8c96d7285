using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Lab.Stores;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>A certificate authority for one test, with PEM files as an operator would have them.</summary>
internal sealed class TestAuthority : IDisposable
{
    /// <summary>A name that every certificate is for, and that nobody resolves.</summary>
    public const string ServerName = "etcd.example.com";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

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
        Server = new(CaFile, cert, key, ClientCertFile, ClientKeyFile);
        (cert, key) = Issue("server-only", [ServerAuthentication]);
        ServerOnly = Server with { CertFile = cert, KeyFile = key };
    }

    public string CaFile { get; }

    public string ClientCertFile { get; }

    public string ClientKeyFile { get; }

    public EtcdServerTls Server { get; }

    /// <summary>With a server certificate that is none for clients, as most authorities issue it.</summary>
    public EtcdServerTls ServerOnly { get; }

    /// <summary>A client that trusts this authority and shows its client certificate.</summary>
    public EtcdOptions OptionsFor(Uri member) => new()
    {
        Endpoints = [member],
        CaFile = CaFile,
        CertFile = ClientCertFile,
        KeyFile = ClientKeyFile,
    };

    public string Path(string file) => _directory[file];

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _directory.Dispose();
    }

    /// <summary>Puts a new client certificate of this authority in the place of the one that is there.</summary>
    public void RenewClient() => Issue("client");

    private (string Cert, string Key) Issue(string name) => Issue(name, [ServerAuthentication, ClientAuthentication]);

    private (string Cert, string Key) Issue(string name, IEnumerable<string> usages)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName(ServerName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([.. usages.Select(static usage => new Oid(usage))], false));
        using X509Certificate2 certificate =
            request.Create(_authority, _authority.NotBefore, _authority.NotAfter, [(byte)++_serial]);
        File.WriteAllText(_directory[$"{name}.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_directory[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
        return (_directory[$"{name}.pem"], _directory[$"{name}.key"]);
    }
}
