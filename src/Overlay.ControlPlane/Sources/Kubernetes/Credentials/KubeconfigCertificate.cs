using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>
/// The client certificate of a kubeconfig, whose files may be replaced at any time: read anew once it is old.
/// Thread-safe.
/// </summary>
/// <param name="certificate">The certificate, with those between it and the authority.</param>
/// <param name="key">Its key.</param>
/// <param name="age">How long a pair is used before the files are read again.</param>
/// <param name="time">Clock of that age.</param>
/// <param name="logger">Logs files that cannot be used.</param>
internal sealed class KubeconfigCertificate(
    PemSource certificate, PemSource key, TimeSpan age, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly SaidOnce _problem = new();
    private ClientCertificate? _current;
    private long _readAt;

    /// <exception cref="CredentialException">The pair cannot be used, and never could.</exception>
    public ClientCertificate Current()
    {
        lock (_gate)
        {
            if (_current is null || time.GetElapsedTime(_readAt) >= age) _current = Read();
            return _current;
        }
    }

    private ClientCertificate Read()
    {
        _readAt = time.GetTimestamp();
        try
        {
            ClientCertificate read = new(certificate.Read(), key.Read());
            if (read != _current) _ = read.ToContext();
            _ = _problem.End();
            return read;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            if (_current is null)
                throw new CredentialException(
                    $"cannot be asked: the client certificate in {certificate} with the key in {key} cannot be used: "
                    + exception.Message, exception);

            // A pair that is being replaced is of two halves for a moment.
            if (_problem.Begin(exception.Message, cause: "unusable"))
                logger.CertificateUnusable($"{certificate}", exception.Message);
            return _current;
        }
    }
}
