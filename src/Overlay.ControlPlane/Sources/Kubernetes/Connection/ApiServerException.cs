using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>The API server has refused, or cannot be reached.</summary>
/// <param name="status">The status of the answer; null when there was none.</param>
/// <param name="message">The whole reason, without the server's URL.</param>
/// <param name="retryAfter">The wait that the server asks for.</param>
/// <param name="cause">The underlying failure.</param>
internal sealed class ApiServerException(
    HttpStatusCode? status, string message, TimeSpan? retryAfter = null, Exception? cause = null)
    : IOException(message, cause)
{
    public HttpStatusCode? Status => status;

    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>
    /// The version asked for is compacted away, or is one the server has not got to: another has to be asked for.
    /// </summary>
    public bool IsAboutVersion => status == HttpStatusCode.Gone
        || (status == HttpStatusCode.GatewayTimeout
        && Message.Contains("resource version", StringComparison.OrdinalIgnoreCase));

    /// <summary>A server that does not know what was asked of it, rather than one in trouble.</summary>
    public bool IsRefusal =>
        status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.UnsupportedMediaType;

    /// <summary>The server has not answered at all, or not to the end.</summary>
    public static bool IsAway(Exception failure) =>
        failure is IOException and not ApiServerException
        || (failure is ApiServerException { Status: null } && failure.InnerException is not CredentialException);

    /// <summary>
    /// The cause of a failure, for a log that has one line a cause: failing requests differ in their texts, not in
    /// this.
    /// </summary>
    public static string CauseOf(Exception failure) => failure switch
    {
        ApiServerException { Status: { } answer } => answer.ToString(),
        { InnerException: CredentialException } => "no credentials",
        IOException => "no answer",
        _ => failure.Message,
    };
}
