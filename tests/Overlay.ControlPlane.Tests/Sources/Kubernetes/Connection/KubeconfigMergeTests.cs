using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>Several kubeconfigs as one, and the proxy of a cluster.</summary>
public sealed class KubeconfigMergeTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly Dictionary<string, string> _variables = [];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_first_file_that_has_something_counts_and_paths_are_from_its_own_directory()
    {
        Write("one/config", """
            contexts: [ { name: x, context: { cluster: c, user: u } } ]
            users: [ { name: u, user: { tokenFile: token } } ]
            """);
        Write("two/config", """
            current-context: x
            contexts: [ { name: x, context: { cluster: other, user: other } } ]
            clusters: [ { name: c, cluster: { server: "https://192.0.2.2", certificate-authority: ca.crt } } ]
            users: [ { name: u, user: { token: second, client-certificate: a } } ]
            """);
        Write("three/config", """
            current-context: y
            clusters: [ { name: c, cluster: { server: "https://192.0.2.3", tls-server-name: three } } ]
            """);
        ApiServerAccess access = Read("one/config", "none", "two/config", "", "three/config");
        access.ShouldBe(new ApiServerAccess
        {
            Server = new("https://192.0.2.2"),
            Proxies = access.Proxies,
            Authorities = new(_directory["two/ca.crt"], null),
            TokenFile = _directory["one/token"],
        });
    }

    [Fact]
    public void The_file_that_is_named_counts_alone()
    {
        Write("named", Config("https://192.0.2.1"));
        Write("listed", Config("https://192.0.2.2"));
        _variables["KUBECONFIG"] = _directory["listed"];
        ApiServerAccess.Of(Options() with { Kubeconfig = _directory["named"] }).Server
            .ShouldBe(new Uri("https://192.0.2.1"));
        ApiServerAccess.Of(Options()).Server.ShouldBe(new Uri("https://192.0.2.2"));
    }

    [Fact]
    public void Files_of_which_there_is_none_and_entries_that_none_has_are_refused_with_all_names()
    {
        _variables["KUBECONFIG"] = "/none:/neither";
        Should.Throw<InvalidDataException>(() => ApiServerAccess.Of(Options())).Message.ShouldStartWith(
            "KUBECONFIG is \"/none:/neither\", and there is no such file");
        Write("a", "current-context: x");
        Write("b", "contexts: [ { name: y, context: { cluster: c } } ]");
        Should.Throw<InvalidDataException>(() => Read("a", "b")).Message.ShouldBe(
            $"kubeconfig {_directory["a"]}:{_directory["b"]}: contexts has no context of the name \"x\"");
    }

    [Fact]
    public void A_clusters_own_proxy_is_taken_for_every_address_and_with_its_password()
    {
        _variables["NO_PROXY"] = "192.0.2.0/24";
        Write("a", Config("https://127.0.0.1:6443", "proxy-url: \"http://me:p%40ss@proxy:3128\""));
        ApiServerAccess access = Read("a");
        Uri? proxy = access.Proxies.GetProxy(access.Server);
        proxy.ShouldBe(new Uri("http://proxy:3128"));
        NetworkCredential? credential = access.Proxies.Credentials!.GetCredential(proxy!, "Basic");
        (credential!.UserName, credential.Password).ShouldBe(("me", "p@ss"));
    }

    private ApiServerAccess Read(params string[] files)
    {
        _variables["KUBECONFIG"] = string.Join(':', files.Select(file => file.Length > 0 ? _directory[file] : ""));
        return ApiServerAccess.Of(Options());
    }

    private KubernetesOptions Options() => new() { NodeName = "a", Variables = _variables.GetValueOrDefault };

    private void Write(string file, string text)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(_directory[file])!);
        File.WriteAllText(_directory[file], text);
    }

    private static string Config(string server, string more = "") => $$"""
        current-context: x
        contexts: [ { name: x, context: { cluster: c } } ]
        clusters: [ { name: c, cluster: { server: "{{server}}"{{(more.Length > 0 ? ", " + more : "")}} } } ]
        """;
}
