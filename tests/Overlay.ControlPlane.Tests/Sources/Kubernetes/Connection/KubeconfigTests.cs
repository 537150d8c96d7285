using System.Net;
using System.Text;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Proxies;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public sealed class KubeconfigTests : IDisposable
{
    private const string Cluster = "server: https://192.0.2.10:6443";
    private static readonly ProxyEnvironment _proxies = ProxyEnvironment.Of(static _ => null);
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_current_context_counts_and_paths_are_from_the_files_directory()
    {
        ApiServerAccess access = Read("""
            current-context: two
            contexts:
            - { name: one, context: { cluster: c1, user: u1 } }
            - { name: two, context: { cluster: c2, user: u2, namespace: kube-system } }
            clusters:
            - { name: c1, cluster: { server: "https://192.0.2.1" } }
            - name: c2
              cluster:
                server: https://[2001:db8::10]:6443/base
                certificate-authority: pki/ca.crt
                tls-server-name: kubernetes
            users:
            - { name: u1, user: { token: one } }
            - { name: u2, user: { tokenFile: token, token: "" } }
            """);
        access.ShouldBe(new ApiServerAccess
        {
            Server = new("https://[2001:db8::10]:6443/base"),
            Proxies = _proxies,
            Authorities = new(_directory["pki/ca.crt"], null),
            ServerName = "kubernetes",
            TokenFile = _directory["token"],
        });
    }

    [Fact]
    public void JSON_is_taken_too_and_data_win_over_files()
    {
        string data = Convert.ToBase64String(Encoding.UTF8.GetBytes("PEM"));
        ApiServerAccess access = Read($$$"""
            {"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],
             "clusters":[{"name":"c","cluster":{"server":"https://192.0.2.10:6443","certificate-authority":"ca.crt","certificate-authority-data":"{{{data}}}"}}],
             "users":[{"name":"u","user":{"client-certificate-data":"{{{data}}}","client-key-data":"{{{data}}}"}}]}
            """);
        PemSource pem = new(null, "PEM");
        access.ShouldBe(new ApiServerAccess
        {
            Server = new("https://192.0.2.10:6443"),
            Proxies = _proxies,
            Authorities = pem,
            ClientCertificate = pem,
            ClientKey = pem
        });
    }

    [Theory]
    [InlineData(Cluster, "as: admin", "as asks to act as somebody else")]
    [InlineData(Cluster, "as-uid: \"7\"", "as-uid asks to act as somebody else")]
    [InlineData(Cluster, "as-groups: [ system:masters ]", "as-groups asks to act as somebody else")]
    [InlineData(Cluster, "as-user-extra: { a: [ b ] }", "as-user-extra asks to act as somebody else")]
    [InlineData(Cluster, "auth-provider: { name: gcp }", "auth-provider is kubectl's own way")]
    [InlineData(Cluster, "username: admin, password: secret", "username and password have not been taken")]
    [InlineData(Cluster + ", insecure-skip-tls-verify: true", "", "insecure-skip-tls-verify is true")]
    [InlineData(Cluster + ", proxy-url: \"ftp://me:secret@proxy:3128\"", "",
        "proxy-url is \"proxy:3128\", not an http, https or socks5 URL such as http://proxy.example.com:3128")]
    [InlineData(Cluster + ", proxy-url: \"proxy:3128\"", "", "proxy-url is \"proxy:3128\"")]
    [InlineData(Cluster + ", certificate-authority-data: nonsense!", "", "certificate-authority-data is not base64")]
    [InlineData(Cluster, "client-certificate: a.crt", "client-certificate and client-key belong together")]
    [InlineData("server: 192.0.2.10", "", "server is \"192.0.2.10\", not a URL such as https://192.0.2.10:6443")]
    [InlineData(Cluster, "token: a b", "token is not one word")]
    [InlineData(
        Cluster + ", tls-server-name: a b", "", "tls-server-name is \"a b\", not a name such as kubernetes.default")]
    [InlineData("", "", "server is missing")]
    public void What_cannot_be_used_is_refused_by_name(string cluster, string user, string message) => Error($$$"""
        current-context: x
        contexts: [ { name: x, context: { cluster: c, user: u } } ]
        clusters: [ { name: c, cluster: { {{{cluster}}} } } ]
        users: [ { name: u, user: { {{{user}}} } } ]
        """).ShouldContain(message);

    [Theory]
    [InlineData("", "holds no settings")]
    [InlineData("- a", "holds no settings")]
    [InlineData("a: [", "neither YAML nor JSON")]
    [InlineData("kind: Config", "current-context is missing")]
    [InlineData("current-context: x", "contexts has no context of the name \"x\"")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {user: u}}]}", "context \"x\" names no cluster")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: 7}",
        "clusters has no cluster of the name \"c\"")]
    public void A_damaged_file_is_refused_by_name(string text, string message) => Error(text).ShouldContain(message);

    [Fact]
    public void A_missing_file_is_refused_by_name() =>
        Should.Throw<InvalidDataException>(() => KubeconfigReader.Read([_directory["none"]], _proxies)).Message
            .ShouldContain($"kubeconfig {_directory["none"]}: cannot be read");

    [Fact]
    public void A_pod_is_told_by_its_environment()
    {
        Dictionary<string, string> variables = new()
        {
            ["KUBERNETES_SERVICE_HOST"] = "fd00::1",
            ["KUBERNETES_SERVICE_PORT"] = "443",
        };
        KubernetesOptions options = new()
        {
            NodeName = "a",
            ServiceAccountDirectory = "/sa",
            Variables = variables.GetValueOrDefault,
        };
        ApiServerAccess pod = ApiServerAccess.Of(options);
        pod.ShouldBe(new ApiServerAccess
        {
            Server = new("https://[fd00::1]:443"),
            Proxies = pod.Proxies,
            IsServices = true,
            Authorities = new("/sa/ca.crt", null),
            TokenFile = "/sa/token",
        });
        ApiServerAccess own = ApiServerAccess.Of(options with { ApiServer = "https://192.0.2.1:6443" });
        (own.Server, own.IsServices).ShouldBe((new Uri("https://192.0.2.1:6443"), false));
        variables.Clear();
        Should.Throw<InvalidDataException>(() => ApiServerAccess.Of(options)).Message.ShouldContain(
            "Overlay:ControlPlane:Kubernetes:Kubeconfig is empty and this is no pod");
        Should.Throw<InvalidDataException>(() => ApiServerAccess.Of(options with { ApiServer = "ftp://x" })).Message
            .ShouldContain("Overlay:ControlPlane:Kubernetes:ApiServer is \"ftp://x\", not a URL");
        variables["HTTPS_PROXY"] = "ftp://x";
        Should.Throw<InvalidDataException>(() => ApiServerAccess.Of(options)).Message.ShouldContain(
            "environment variable HTTPS_PROXY is \"ftp://x\"");
    }

    [Fact]
    public void A_kubeconfig_has_a_bound_of_bytes_and_of_levels()
    {
        const int most = 1024 * 1024;
        string sound = $$"""
            current-context: x
            contexts: [ { name: x, context: { cluster: c } } ]
            clusters: [ { name: c, cluster: { {{Cluster}} } } ]
            extensions: @
            #
            """;
        Read(sound.Replace("@", Nested(63), StringComparison.Ordinal).PadRight(most, '#')).Token.ShouldBeNull();
        Error(sound.Replace("@", Nested(64), StringComparison.Ordinal)).ShouldEndWith("has more than 64 levels");
        Error(sound.Replace("@", Nested(1_000), StringComparison.Ordinal)).ShouldEndWith("has more than 64 levels");
        Error(sound.PadRight(most + 1, '#'))
            .ShouldContain("1048577 bytes, more than the 1048576 that a kubeconfig may have");

        static string Nested(int levels) => new string('[', levels) + new string(']', levels);
    }

    [Theory]
    [InlineData("users: [ { name: u, user: { token: *hunter2 } } ]")]
    [InlineData("users: [ { name: u, user: { token: hunter2 }")]
    [InlineData("users: [ { name: u, user: { token: !hunter2! x } } ]")]
    public void A_file_that_is_no_YAML_shows_no_word_of_itself(string text) =>
        Error(text).ShouldMatch("is neither YAML nor JSON: see line [0-9]+, column [0-9]+$");

    [Fact]
    public void A_servers_user_and_password_are_not_kept()
    {
        ApiServerAccess access = Read($$"""
            current-context: x
            contexts: [ { name: x, context: { cluster: c } } ]
            clusters: [ { name: c, cluster: { server: "https://overlay:hunter2@192.0.2.10:6443/base" } } ]
            """);
        access.Server.ToString().ShouldBe("https://192.0.2.10:6443/base");
        Should.Throw<InvalidDataException>(() => ApiServerAccess.ParseServer("ftp://overlay:hunter2@x", "server"))
            .Message.ShouldNotContain("hunter2");
    }

    private ApiServerAccess Read(string text)
    {
        File.WriteAllText(_directory["kubeconfig"], text);
        return KubeconfigReader.Read([_directory["kubeconfig"]], _proxies);
    }

    private string Error(string text)
    {
        string message = Should.Throw<InvalidDataException>(() => Read(text)).Message;
        message.ShouldStartWith($"kubeconfig {_directory["kubeconfig"]}: ");
        return message;
    }
}
