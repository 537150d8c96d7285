using System.Net;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Reads the current context of a kubeconfig, YAML or JSON.</summary>
/// <remarks>Settings that cannot be honoured are refused, not passed over.</remarks>
internal sealed class KubeconfigFile
{
    private readonly string _file;
    private readonly string _directory;

    private KubeconfigFile(string file)
    {
        _file = Path.GetFullPath(file);
        _directory = Path.GetDirectoryName(_file)!;
    }

    /// <param name="file">Its path.</param>
    /// <param name="proxies">The proxies on the way to servers.</param>
    /// <exception cref="InvalidDataException">
    /// It cannot be used; the message names file, key, value and an example.
    /// </exception>
    public static ApiServerAccess Read(string file, IWebProxy proxies) => new KubeconfigFile(file).Read(proxies);

    private ApiServerAccess Read(IWebProxy proxies)
    {
        YamlMappingNode root = Load();
        string context = Text(root, "current-context")
            ?? throw Wrong("current-context is missing; it should be a name such as \"overlay@cluster\"");
        YamlMappingNode at = Named(root, "contexts", context, "context");
        YamlMappingNode cluster = Named(
            root, "clusters", Text(at, "cluster") ?? throw Wrong($"context \"{context}\" names no cluster"), "cluster");
        YamlMappingNode user = Text(at, "user") is { } who ? Named(root, "users", who, "user") : [];
        Refuse(cluster, user);

        string server = Text(cluster, "server")
            ?? throw Wrong("the cluster's server is missing; it should be a URL such as \"https://192.0.2.10:6443\"");
        PemSource? certificate = Pem(user, "client-certificate");
        PemSource? key = Pem(user, "client-key");
        if (certificate is null != key is null)
            throw Wrong("client-certificate and client-key belong together, and one of them is missing");
        if (Text(user, "token") is { } token && !BearerToken.IsToken(token))
            throw Wrong("token is not one word of ASCII text");
        string? tokenFile = Text(user, "tokenFile");
        string? name = Text(cluster, "tls-server-name");
        if (name is not null && Uri.CheckHostName(name) == UriHostNameType.Unknown)
            throw Wrong($"tls-server-name is \"{name}\", not a name such as kubernetes.default");
        return new ApiServerAccess
        {
            Server = ApiServerAccess.ParseServer(server, $"kubeconfig {_file}: server"),
            Proxies = proxies,
            Authorities = Pem(cluster, "certificate-authority"),
            ServerName = name,
            ClientCertificate = certificate,
            ClientKey = key,
            Token = Text(user, "token"),
            TokenFile = tokenFile is null ? null : Path.Combine(_directory, tokenFile),
        };
    }

    private YamlMappingNode Load()
    {
        try
        {
            using StreamReader reader = new(_file);
            YamlStream stream = [];
            stream.Load(reader);
            return stream.Documents is [var document, ..] && document.RootNode is YamlMappingNode root
                ? root
                : throw Wrong("holds no settings such as \"apiVersion: v1\"");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"cannot be read: {exception.Message}");
        }
        catch (YamlException exception)
        {
            throw Wrong($"is neither YAML nor JSON: {exception.Message}");
        }
    }

    private void Refuse(YamlMappingNode cluster, YamlMappingNode user)
    {
        if (Text(cluster, "insecure-skip-tls-verify") is "true")
            throw Wrong(
                "insecure-skip-tls-verify is true, and a server nobody checks could take over the network; give "
                + "certificate-authority-data instead");
        if (Text(cluster, "proxy-url") is { } proxy)
            throw Wrong($"proxy-url is \"{proxy}\"; proxies are taken from the environment alone: set HTTPS_PROXY");
        foreach (string plugin in new[] { "exec", "auth-provider" })
        {
            if (Find(user, plugin) is not null)
                throw Wrong(
                    $"{plugin} runs another program for credentials, and a node's daemon must come up without; give a "
                    + "tokenFile or client-certificate instead");
        }

        if (Text(user, "username") is not null || Text(user, "password") is not null)
            throw Wrong(
                "username and password have not been taken by any API server since Kubernetes 1.19; give a tokenFile "
                + "or client-certificate instead");
    }

    private YamlMappingNode Named(YamlMappingNode root, string list, string name, string member)
    {
        foreach (YamlNode entry in Find(root, list) as YamlSequenceNode ?? [])
        {
            if (entry is YamlMappingNode named
                && Text(named, "name") == name && Find(named, member) is YamlMappingNode found) return found;
        }

        throw Wrong($"{list} has no {member} of the name \"{name}\"");
    }

    private PemSource? Pem(YamlMappingNode node, string key)
    {
        if (Text(node, key + "-data") is not { } data)
            return Text(node, key) is { } path ? new(Path.Combine(_directory, path), null) : null;
        try
        {
            return new(null, Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        catch (FormatException)
        {
            throw Wrong($"{key}-data is not base64 of PEM text such as LS0tLS1CRUdJTi…");
        }
    }

    private static YamlNode? Find(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;

    // Empty values are as good as absent: kubectl writes some.
    private static string? Text(YamlMappingNode node, string key) =>
        Find(node, key) is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    private InvalidDataException Wrong(string what) => new($"kubeconfig {_file}: {what}");
}
