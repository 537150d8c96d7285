namespace Overlay.Testing.Kubernetes;

/// <summary>Kubeconfig files for a client of the stand-in.</summary>
public static class Kubeconfig
{
    /// <param name="server">Its URL.</param>
    /// <param name="authority">Path of the authority's certificate.</param>
    /// <param name="user">What the user shows, as members of a YAML map in braces.</param>
    public static string Format(Uri server, string authority, string user = "") => $$"""
        apiVersion: v1
        kind: Config
        current-context: standin
        contexts:
        - name: standin
          context: { cluster: standin, user: overlay }
        clusters:
        - name: standin
          cluster:
            server: {{server.ToString().TrimEnd('/')}}
            certificate-authority: {{authority}}
        users:
        - name: overlay
          user: { {{user}} }

        """;
}
