namespace Overlay.Testing.Kubernetes;

/// <summary>A request as it came. Immutable.</summary>
/// <param name="Method">GET, PATCH…</param>
/// <param name="Path">With the query.</param>
/// <param name="Token">The bearer token; null when there was none.</param>
/// <param name="ClientCertificate">Subject of the client's certificate; null when there was none.</param>
/// <param name="Protocol">HTTP/1.1 or HTTP/2.</param>
/// <param name="Body">What was sent; null for a GET.</param>
public sealed record SeenRequest(
    string Method, string Path, string? Token, string? ClientCertificate, string Protocol, string? Body)
{
    public bool IsWatch => Path.Contains("watch=1", StringComparison.Ordinal);

    /// <summary>A watch that asks for the state first.</summary>
    public bool IsStateWatch => Path.Contains("sendInitialEvents=true", StringComparison.Ordinal);

    /// <summary>A list of nodes, or a page of one.</summary>
    public bool IsList => Method == "GET" && !IsWatch && Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal)
        && !Path.Contains("/nodes/", StringComparison.Ordinal);

    public bool IsPatch => Method == "PATCH";
}
