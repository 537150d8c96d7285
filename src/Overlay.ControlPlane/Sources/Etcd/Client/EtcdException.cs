namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>etcd does not answer, or refuses.</summary>
/// <param name="message">The member and its answer.</param>
/// <param name="code">gRPC's number of the reason; 0 when nobody answered.</param>
/// <param name="inner">The underlying failure.</param>
internal sealed class EtcdException(string message, int code = 0, Exception? inner = null) : IOException(message, inner)
{
    // https://grpc.github.io/grpc/core/md_doc_statuscodes.html
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int PermissionDenied = 7;
    private const int FailedPrecondition = 9;
    private const int OutOfRange = 11;
    private const int Unauthenticated = 16;

    /// <summary>The etcd lease that was named is no more.</summary>
    public bool IsLeaseNotFound => code == NotFound;

    /// <summary>The revision that was asked for has been compacted away.</summary>
    public bool IsCompacted => code == OutOfRange;

    /// <summary>The cluster asks for no users at all.</summary>
    public bool IsAuthenticationOff => code == FailedPrecondition;

    /// <summary>The token is too old, unknown after a restart, or of users that have changed since.</summary>
    public bool IsTokenRefused => code is Unauthenticated or InvalidArgument;

    /// <summary>
    /// The user lacks the permission. Over TLS it is also the answer to a client that has not signed in.
    /// </summary>
    public bool IsPermissionDenied => code == PermissionDenied;

    /// <summary>Another member could give the same answer no better.</summary>
    public bool IsDefinite =>
        code is InvalidArgument or NotFound or FailedPrecondition or OutOfRange or Unauthenticated or PermissionDenied;
}
