using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Host.Files;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>
/// The certificates of this node and the authorities of etcd's members: PEM files that may be renewed at any time.
/// Thread-safe.
/// </summary>
internal sealed class EtcdTls(EtcdOptions options)
{
    private const int MostBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private string _content = "";
    private volatile string? _problem;
    private volatile SslClientAuthenticationOptions? _loaded;

    /// <summary>The reason why the files' present content is not used; null when it is used.</summary>
    public string? Problem => _problem;

    /// <summary>The end of the client certificate in use; null for none.</summary>
    public DateTimeOffset? CertificateExpiry => _loaded?.ClientCertificateContext?.TargetCertificate.NotAfter;

    /// <summary>Reads the files.</summary>
    /// <exception cref="InvalidDataException">
    /// A file cannot be read, or is not what it should be; the message names key and file.
    /// </exception>
    public SslClientAuthenticationOptions Load()
    {
        // First: what is written while they are read is another content at the next look.
        string content = ReadAll();
        SslClientAuthenticationOptions tls = new();
        if (options.CaFile is { } authorities) tls.CertificateChainPolicy = Trusting(authorities);
        if (options.CertFile is not null || options.KeyFile is not null)
        {
            string cert = options.CertFile
                ?? throw new InvalidDataException(
                    "ControlPlane:Etcd:KeyFile is set without CertFile; it should be a PEM file such as "
                    + "/etc/etcd/node.pem");
            string key = options.KeyFile
                ?? throw new InvalidDataException(
                    "ControlPlane:Etcd:CertFile is set without KeyFile; it should be a PEM file such as "
                    + "/etc/etcd/node.key");
            tls.ClientCertificateContext =
                Read("CertFile or KeyFile", $"{cert}' with '{key}", "/etc/etcd/node.pem with /etc/etcd/node.key", () =>
                    new ClientCertificate(ReadPem(cert), ReadPem(key)).ToContext());
        }

        (_content, _problem, _loaded) = (content, null, tls);
        return tls;
    }

    /// <summary>
    /// Reads the files again if they are others than before; null when they are not, or cannot be used, and then the
    /// ones before stay.
    /// </summary>
    public SslClientAuthenticationOptions? TryReload()
    {
        lock (_gate)
        {
            try
            {
                if (ReadAll() != _content) return Load();
                _problem = null;
                return null;
            }
            catch (InvalidDataException exception)
            {
                // A certificate that is being replaced is of two halves for a moment.
                _problem = exception.Message;
                return null;
            }
        }
    }

    private static X509ChainPolicy Trusting(string authorities) => Read("CaFile", authorities, "/etc/etcd/ca.pem", () =>
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(ReadPem(authorities));
        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new CryptographicException("there is no certificate in it");
    });

    // By content: a secret that Kubernetes mounts is a link whose own time says nothing.
    private string ReadAll() =>
        ReadText("CaFile", options.CaFile, "/etc/etcd/ca.pem")
        + ReadText("CertFile", options.CertFile, "/etc/etcd/node.pem")
        + ReadText("KeyFile", options.KeyFile, "/etc/etcd/node.key");

    private static string ReadText(string key, string? file, string example) =>
        file is null ? "" : Read(key, file, example, () => ReadPem(file));

    private static string ReadPem(string file) => BoundedFile.ReadText(file, MostBytes, "a PEM file");

    private static T Read<T>(string key, string file, string example, Func<T> read)
    {
        try
        {
            return read();
        }
        // .NET calls a path that is none an ArgumentException.
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException(
                $"ControlPlane:Etcd:{key} is '{file}', which cannot be used: {e.Message.TrimEnd('.')}; it should name "
                + $"PEM such as {example}",
                e);
        }
    }
}
