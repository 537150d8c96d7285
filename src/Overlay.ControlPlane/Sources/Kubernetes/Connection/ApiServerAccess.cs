using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>The URL of the API server and the credentials of this daemon. Immutable.</summary>
internal sealed record ApiServerAccess
{
    private const string Keys = "Overlay:ControlPlane:Kubernetes";

    public required Uri Server { get; init; }

    /// <summary>The trusted authorities; null for the system's.</summary>
    public PemSource? Authorities { get; init; }

    /// <summary>The name in the server's certificate where it is not the URL's host.</summary>
    public string? ServerName { get; init; }

    public PemSource? ClientCertificate { get; init; }

    public PemSource? ClientKey { get; init; }

    public string? Token { get; init; }

    public string? TokenFile { get; init; }

    /// <summary>A program that gives credentials where there is no token.</summary>
    public ExecPlugin? Plugin { get; init; }

    /// <summary>The proxies on the way to the server, which may name none.</summary>
    public required IWebProxy Proxies { get; init; }

    /// <summary>The URL is that of a Service in the cluster, as a pod's environment has it.</summary>
    public bool IsServices { get; init; }

    /// <summary>Over plain HTTP anyone could read a token, so none is sent.</summary>
    public bool SendsToken => Server.Scheme == Uri.UriSchemeHttps;

    /// <summary>The credentials, in the words of an error.</summary>
    public string Credentials => SendsToken && TokenFile is not null ? $"the token in {TokenFile}"
        : SendsToken && Token is not null ? "the kubeconfig's token"
        : SendsToken && Plugin is not null ? $"the credentials of the plugin {Plugin.Command}"
        : ClientCertificate is not null ? $"the client certificate in {ClientCertificate}"
        : "a request without credentials";

    /// <summary>The way to the server, in the words of an error: empty where no proxy is on it.</summary>
    public string Way =>
        Proxies.IsBypassed(Server) ? "" : $" by way of the proxy {Proxies.GetProxy(Server)?.Authority}";

    /// <summary>Advice where the server is not reached, in the words of an error.</summary>
    public string Advice => IsServices
        ? $"; {Server.Host} is KUBERNETES_SERVICE_HOST, as a rule a ClusterIP, which leads nowhere while kube-proxy is "
            + $"not running on this node: set {Keys}:ApiServer to the server's own address such as "
            + "https://192.0.2.10:6443"
        : "";

    /// <summary>The server alone: of all else some is secret.</summary>
    public override string ToString() => $"{Server}";

    /// <summary>By kubeconfig, by those of KUBECONFIG, or as a pod; the options' URL before theirs.</summary>
    /// <param name="options">The configuration.</param>
    /// <exception cref="InvalidDataException">
    /// The server is not known; the message names key or file, value and an example.
    /// </exception>
    public static ApiServerAccess Of(KubernetesOptions options)
    {
        ProxyEnvironment proxies = ProxyEnvironment.Of(options.Variables);
        Uri? server = options.ApiServer.Length == 0 ? null : ParseServer(options.ApiServer, $"{Keys}:ApiServer");
        IReadOnlyList<string> files = Kubeconfigs(options);
        if (files.Count > 0)
        {
            ApiServerAccess access = KubeconfigReader.Read(files, proxies);
            return server is null ? access : access with { Server = server };
        }

        string token = Path.Combine(options.ServiceAccountDirectory, "token");
        return new ApiServerAccess
        {
            Server = server ?? InCluster(options.Variables),
            IsServices = server is null,
            Proxies = proxies,
            Authorities = new(Path.Combine(options.ServiceAccountDirectory, "ca.crt"), null),
            TokenFile = token,
        };
    }

    // Without user and password, which no API server takes any more: the URL is shown in logs and reports.
    public static Uri ParseServer(string text, string name) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? server)
            && (server.Scheme == Uri.UriSchemeHttps || server.Scheme == Uri.UriSchemeHttp)
            ? server.UserInfo.Length == 0 ? server : new UriBuilder(server) { UserName = "", Password = "" }.Uri
            : throw new InvalidDataException(
                $"{name} is \"{ProxyServer.Shown(text)}\", not a URL such as https://192.0.2.10:6443");

    // kubectl's order: the file that is named, else those of KUBECONFIG that there are, else the pod's own.
    private static IReadOnlyList<string> Kubeconfigs(KubernetesOptions options)
    {
        if (options.Kubeconfig.Length > 0) return [options.Kubeconfig];
        string listed = options.Variables("KUBECONFIG") ?? "";
        string[] files = listed.Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] found = [.. files.Where(File.Exists)];
        return files.Length == 0 || found.Length > 0
            ? found
            : throw new InvalidDataException(
                $"KUBECONFIG is \"{listed}\", and there is no such file; set {Keys}:Kubeconfig to a file such as "
                + "/etc/kubernetes/overlay.conf");
    }

    private static Uri InCluster(Func<string, string?> environment)
    {
        string? host = environment("KUBERNETES_SERVICE_HOST");
        string? port = environment("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new InvalidDataException(
                $"{Keys}:Kubeconfig is empty and this is no pod, for KUBERNETES_SERVICE_HOST and "
                + "KUBERNETES_SERVICE_PORT are not set; "
                + "set the key to a file such as /etc/kubernetes/overlay.conf");
        }

        string authority = host.Contains(':') ? $"[{host}]" : host;
        return ParseServer($"https://{authority}:{port}", "KUBERNETES_SERVICE_HOST with KUBERNETES_SERVICE_PORT");
    }
}
