using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Reads the current context of a kubeconfig, which may be in several files, as kubectl reads it.</summary>
/// <remarks>
/// The first file that has a context, cluster or user of a name counts, as a whole. Settings that cannot be honoured
/// are refused, not passed over.
/// </remarks>
internal sealed class KubeconfigReader
{
    // A node's daemon speaks for itself.
    private static readonly string[] _impersonation = ["as", "as-uid", "as-groups", "as-user-extra"];

    private readonly List<KubeconfigFile> _files;
    private readonly string _names;

    private KubeconfigReader(IReadOnlyList<string> files)
    {
        _names = string.Join(':', files.Select(Path.GetFullPath));
        _files = [.. files.Select(static file => new KubeconfigFile(file))];
    }

    /// <param name="files">Their paths, the first that has something first.</param>
    /// <param name="proxies">The proxies on the way to servers for which the file has none.</param>
    /// <exception cref="InvalidDataException">
    /// The configuration cannot be used; the message names file, key, value and an example.
    /// </exception>
    public static ApiServerAccess Read(IReadOnlyList<string> files, IWebProxy proxies) =>
        new KubeconfigReader(files).Read(proxies);

    private ApiServerAccess Read(IWebProxy proxies)
    {
        string context = _files.Select(static file => file.CurrentContext)
            .FirstOrDefault(static name => name is not null)
            ?? throw Wrong("current-context is missing; it should be a name such as \"overlay@cluster\"");
        KubeconfigEntry at = Named("contexts", context, "context");
        KubeconfigEntry cluster = Named(
            "clusters", at.Text("cluster") ?? throw at.Wrong($"context \"{context}\" names no cluster"), "cluster");
        KubeconfigEntry user = at.Text("user") is { } who ? Named("users", who, "user") : new(at.File, []);
        RefuseCluster(cluster);
        RefuseUser(user);

        string server = cluster.Text("server") ?? throw cluster.Wrong(
            "the cluster's server is missing; it should be a URL such as \"https://192.0.2.10:6443\"");
        PemSource? certificate = user.Pem("client-certificate");
        PemSource? key = user.Pem("client-key");
        if (certificate is null != key is null)
            throw user.Wrong("client-certificate and client-key belong together, and one of them is missing");
        if (user.Text("token") is { } token && !BearerToken.IsToken(token))
            throw user.Wrong("token is not one word of ASCII text");
        string? name = cluster.Text("tls-server-name");
        if (name is not null && Uri.CheckHostName(name) == UriHostNameType.Unknown)
            throw cluster.Wrong($"tls-server-name is \"{name}\", not a name such as kubernetes.default");
        return new ApiServerAccess
        {
            Server = ApiServerAccess.ParseServer(server, $"kubeconfig {cluster.File}: server"),
            Proxies = ProxyOf(cluster) ?? proxies,
            Authorities = cluster.Pem("certificate-authority"),
            ServerName = name,
            ClientCertificate = certificate,
            ClientKey = key,
            Token = user.Text("token"),
            TokenFile = user.Text("tokenFile") is { } file ? user.PathOf(file) : null,
            Plugin = user.Map("exec") is { } exec ? KubeconfigPlugin.Read(exec, cluster) : null,
        };
    }

    private KubeconfigEntry Named(string list, string name, string member) =>
        _files.Select(file => file.Find(list, name, member)).FirstOrDefault(static found => found is not null)
            ?? throw Wrong($"{list} has no {member} of the name \"{name}\"");

    // For every request, whatever NO_PROXY says.
    private static WebProxy? ProxyOf(KubeconfigEntry cluster)
    {
        if (cluster.Text("proxy-url") is not { } url) return null;
        return url.Contains("://", StringComparison.Ordinal) && ProxyServer.TryParse(url, out ProxyServer? server)
            ? new WebProxy(server.Address) { Credentials = server.Credential }
            : throw cluster.Wrong(
                $"proxy-url is \"{ProxyServer.Shown(url)}\", not an http, https or socks5 URL such as "
                + ProxyServer.Example);
    }

    private static void RefuseCluster(KubeconfigEntry cluster)
    {
        if (cluster.Text("insecure-skip-tls-verify") is "true")
            throw cluster.Wrong(
                "insecure-skip-tls-verify is true, and a server nobody checks could take over the network; give "
                + "certificate-authority-data instead");
    }

    private static void RefuseUser(KubeconfigEntry user)
    {
        if (_impersonation.FirstOrDefault(user.Has) is { } key)
            throw user.Wrong(
                $"{key} asks to act as somebody else, and a node's daemon acts for itself; take the key off, and give "
                + "the rights to this user");
        if (user.Has("auth-provider"))
            throw user.Wrong(
                "auth-provider is kubectl's own way to sign people in; give exec, tokenFile or client-certificate "
                + "instead");
        if (user.Text("username") is not null || user.Text("password") is not null)
            throw user.Wrong(
                "username and password have not been taken by any API server since Kubernetes 1.19; give a tokenFile "
                + "or client-certificate instead");
    }

    private InvalidDataException Wrong(string what) => new($"kubeconfig {_names}: {what}");
}
