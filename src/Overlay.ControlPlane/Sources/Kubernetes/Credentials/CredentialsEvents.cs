using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>Log events of credentials: 2201, and 2210 to 2219.</summary>
internal static partial class CredentialsEvents
{
    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning,
        Message = "Token file {File} cannot be read; the token read before stays in use: {Reason}")]
    public static partial void TokenFileUnreadable(this ILogger logger, string file, string reason);

    [LoggerMessage(EventId = 2210, Level = LogLevel.Warning,
        Message = "Client certificate {Certificate} cannot be used; the one before stays in use: {Reason}")]
    public static partial void CertificateUnusable(this ILogger logger, string certificate, string reason);
}
