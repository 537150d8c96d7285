using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.ControlPlane;

/// <summary>What is shown to etcd's members, and what they have to show.</summary>
internal static class EtcdTls
{
    /// <summary>Reads the files once; a renewed certificate is taken at the next start.</summary>
    /// <exception cref="InvalidDataException">A file cannot be read, or is not what it should be; the message names key and file.</exception>
    public static SslClientAuthenticationOptions Load(EtcdOptions options)
    {
        SslClientAuthenticationOptions tls = new();
        if (options.CaFile is { } authorities)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Read("CaFile", authorities, "/etc/etcd/ca.pem", () =>
            {
                policy.CustomTrustStore.ImportFromPemFile(authorities);
                if (policy.CustomTrustStore.Count == 0) throw new CryptographicException("there is no certificate in it");
            });
            tls.CertificateChainPolicy = policy;
        }

        if (options.CertFile is not null || options.KeyFile is not null)
        {
            string cert = options.CertFile ?? throw new InvalidDataException("ControlPlane:Etcd:KeyFile is set without CertFile; it should be a PEM file such as /etc/etcd/node.pem");
            string key = options.KeyFile ?? throw new InvalidDataException("ControlPlane:Etcd:CertFile is set without KeyFile; it should be a PEM file such as /etc/etcd/node.key");
            Read("CertFile or KeyFile", $"{cert}' with '{key}", "/etc/etcd/node.pem with /etc/etcd/node.key", () =>
            {
                X509Certificate2Collection chain = [];
                chain.ImportFromPemFile(cert);
                tls.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(cert, key), chain, offline: true);
            });
        }

        return tls;
    }

    private static void Read(string key, string file, string example, Action read)
    {
        try
        {
            read();
        }
        // ArgumentException is what it calls a key that is not the certificate's.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"ControlPlane:Etcd:{key} is '{file}', which cannot be used: {e.Message.TrimEnd('.')}; it should name PEM such as {example}", e);
        }
    }
}
