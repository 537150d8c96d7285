using System.Text.Json.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;

namespace Overlay.ControlPlane.Tests;

/// <summary>Credential plugins that do what the contract has, and others.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private const string V1 = "client.authentication.k8s.io/v1";
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(V1)]
    [InlineData("client.authentication.k8s.io/v1beta1")]
    public void A_plugin_gets_its_arguments_and_variables_untouched_and_the_cluster_on_request(string version)
    {
        ExecPlugin script = Script($$$"""
            printf '%s\n' "$@" > arguments
            printf '%s' "$AWS_PROFILE" > variable
            printf '%s' "$KUBERNETES_EXEC_INFO" > input
            echo '{"kind":"ExecCredential","apiVersion":"{{{version}}}",'
            echo '"status":{"token":"t","expirationTimestamp":null}}'
            """, version);
        ExecPlugin plugin = script with
        {
            Arguments = [.. script.Arguments, "get-token", "a b", "", "$HOME", "\"'"],
            Variables = [new("AWS_PROFILE", " x y ")],
            Cluster = new JsonObject { ["server"] = "https://192.0.2.10" },
        };
        plugin.Run(_limit).ShouldBe(new IssuedCredential(new("t", null), null));
        File.ReadAllText(_directory["arguments"]).ShouldBe("get-token\na b\n\n$HOME\n\"'\n");
        File.ReadAllText(_directory["variable"]).ShouldBe(" x y ");
        JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(_directory["input"])), new JsonObject
        {
            ["kind"] = "ExecCredential",
            ["apiVersion"] = version,
            ["spec"] = new JsonObject
            {
                ["interactive"] = false,
                ["cluster"] = new JsonObject { ["server"] = "https://192.0.2.10" },
            },
        }).ShouldBeTrue();
    }

    [Fact]
    public void A_certificate_with_its_key_and_an_expiry_are_read()
    {
        (string certificate, string key) = new StandinCertificates().Client("overlay");
        ExecPlugin plugin = Answering(new JsonObject
        {
            ["clientCertificateData"] = certificate,
            ["clientKeyData"] = key,
            ["expirationTimestamp"] = "2030-01-02T15:04:05Z",
        });
        plugin.Run(_limit).ShouldBe(new IssuedCredential(
            new(null, new(certificate, key)), new DateTimeOffset(2030, 1, 2, 15, 4, 5, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData("echo no profile >&2; exit 3", "ends with exit code 3: no profile")]
    [InlineData("exit 3", "ends with exit code 3: it says nothing")]
    [InlineData("echo hello", "writes no JSON: ")]
    [InlineData("echo warned >&2; echo 7", "writes no ExecCredential; it says: warned")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'",
        "writes an ExecCredential of version \"client.authentication.k8s.io/v1beta1\", not " + V1)]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" + V1 + "\"}'",
        "writes an ExecCredential without a status")]
    public void A_plugin_that_fails_is_quoted(string script, string message) =>
        Error(Script(script)).ShouldStartWith($"cannot be asked: credential plugin sh {message}");

    [Theory]
    [InlineData("{}", "gives neither token nor clientCertificateData")]
    [InlineData("""{"clientKeyData":"a"}""", "gives a certificate without its key, or a key alone")]
    [InlineData("""{"token":"a b"}""", "gives a token that is not one word")]
    [InlineData("""{"clientKeyData":"a","clientCertificateData":"b"}""", "gives a client certificate that cannot be")]
    [InlineData("""{"token":"a","expirationTimestamp":"soon"}""", "gives the expirationTimestamp \"soon\", not a time")]
    public void A_status_that_cannot_be_used_is_refused_by_name(string status, string message) =>
        Error(Answering(JsonNode.Parse(status)!.AsObject())).ShouldContain(message);

    [Fact]
    public void A_key_that_is_another_certificates_is_refused_by_name()
    {
        StandinCertificates authority = new();
        Error(Answering(new JsonObject
        {
            ["clientCertificateData"] = authority.Client("overlay").Certificate,
            ["clientKeyData"] = authority.Client("overlay").Key,
        })).ShouldContain("gives a client certificate that cannot be used: ");
    }

    [Fact]
    public void A_plugin_that_is_missing_is_named_with_the_hint_for_it()
    {
        ExecPlugin plugin = new("no-such-plugin", [], [], V1, null, "install it\n");
        Error(plugin).ShouldBe("cannot be asked: credential plugin no-such-plugin is not along PATH; install it");
        Error(plugin with { Command = "/no/such" })
            .ShouldStartWith("cannot be asked: credential plugin /no/such cannot be run");
    }

    [Fact]
    public void A_plugin_that_does_not_end_is_ended()
    {
        ExecPlugin plugin = Script("echo wait >&2; sleep 1000");
        string message = Should.Throw<CredentialException>(
            () => plugin.Run(TimeSpan.FromMilliseconds(200))).Message;
        message.ShouldStartWith("cannot be asked: credential plugin ");
        message.ShouldContain("sh does not end within 0.2 s");
    }

    private static string Error(ExecPlugin plugin) =>
        Should.Throw<CredentialException>(() => plugin.Run(_limit)).Message;

    private ExecPlugin Answering(JsonObject status)
    {
        File.WriteAllText(_directory["answer"], new JsonObject
        {
            ["kind"] = "ExecCredential",
            ["apiVersion"] = V1,
            ["status"] = status,
        }.ToJsonString());
        return Script("cat answer");
    }

    private ExecPlugin Script(string text, string version = V1) =>
        new("sh", ["-c", $"cd {_directory.Path}\n{text}", "plugin"], [], version, null, "");
}
