using Microsoft.Extensions.Logging;
using Overlay.Host.Files;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>
/// The token of this daemon: a fixed one, or a file's, which kubelet replaces long before it expires. Thread-safe.
/// </summary>
/// <param name="fixedToken">Used where there is no file.</param>
/// <param name="file">Wins over the fixed one.</param>
/// <param name="age">How long a token is used before the file is read again.</param>
/// <param name="time">Clock of that age.</param>
/// <param name="logger">Logs a file that cannot be read.</param>
internal sealed class BearerToken(string? fixedToken, string? file, TimeSpan age, TimeProvider time, ILogger logger)
    : ICredentialSource
{
    private const int MostBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private Credential _credential = file is null ? new(fixedToken, null) : Credential.None;
    private long _readAt;
    private readonly SaidOnce _problem = new();

    /// <exception cref="CredentialException">The file cannot be read, and never could.</exception>
    public ValueTask<Credential> CurrentAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (file is not null && (_credential.Token is null || time.GetElapsedTime(_readAt) >= age)) Read(file);
            return new(_credential);
        }
    }

    public ValueTask<Credential> RenewAsync(Credential refused, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (file is not null && _credential == refused) Read(file);
            return new(_credential);
        }
    }

    /// <summary>Text that can be sent as a token.</summary>
    public static bool IsToken(string text) => text.Length > 0 && text.All(static c => c is > ' ' and <= '~');

    private void Read(string path)
    {
        try
        {
            string token = BoundedFile.ReadText(path, MostBytes, "a token").Trim();
            if (!IsToken(token)) throw new IOException("it holds no token, which is one word of ASCII text");
            _credential = new(token, null);
            _ = _problem.End();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (_credential.Token is null)
                throw new CredentialException(
                    $"cannot be asked: the token in {path} cannot be read: {exception.Message}", exception);
            if (_problem.Begin(exception.Message, cause: path)) logger.TokenFileUnreadable(path, exception.Message);
        }

        _readAt = time.GetTimestamp();
    }
}
