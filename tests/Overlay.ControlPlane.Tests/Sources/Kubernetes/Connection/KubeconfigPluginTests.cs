using System.Text;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Proxies;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>A user's credential plugin, as a kubeconfig has it.</summary>
public sealed class KubeconfigPluginTests : IDisposable
{
    private const string Version = "apiVersion: client.authentication.k8s.io/v1";
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Arguments_and_variables_are_taken_as_they_are()
    {
        ExecPlugin plugin = Read("""
            apiVersion: client.authentication.k8s.io/v1beta1
            command: bin/credentials
            args: [ eks, get-token, --name, "a b", "", 7, "$HOME", '"' ]
            env: [ { name: AWS_PROFILE, value: " x y " }, { name: EMPTY, value: "" } ]
            installHint: ask your administrator
            """);
        plugin.Command.ShouldBe(_directory["bin/credentials"], "a path is from the kubeconfig's directory");
        plugin.Arguments.ShouldBe(["eks", "get-token", "--name", "a b", "", "7", "$HOME", "\""]);
        plugin.Variables.ShouldBe([new("AWS_PROFILE", " x y "), new("EMPTY", "")]);
        plugin.ApiVersion.ShouldBe("client.authentication.k8s.io/v1beta1");
        plugin.InstallHint.ShouldBe("ask your administrator");
        plugin.Cluster.ShouldBeNull();
    }

    [Fact]
    public void The_cluster_is_told_where_that_is_asked_for()
    {
        File.WriteAllText(_directory["ca.crt"], "PEM");
        ExecPlugin plugin = Read(
            Version + "\ncommand: aws\ninteractiveMode: IfAvailable\nprovideClusterInfo: true\n", """
            server: https://192.0.2.10:6443
            certificate-authority: ca.crt
            tls-server-name: kubernetes
            proxy-url: http://proxy:3128
            extensions:
            - { name: other, extension: { a: 1 } }
            - name: client.authentication.k8s.io/exec
              extension: { audience: "7", retries: 7, deep: [ { on: true }, null, 1.5 ] }
            """);
        plugin.Command.ShouldBe("aws", "a name is looked for along PATH");
        string authorities = Convert.ToBase64String(Encoding.UTF8.GetBytes("PEM"));
        plugin.Cluster!.ToJsonString().ShouldBe(
            "{\"server\":\"https://192.0.2.10:6443\",\"tls-server-name\":\"kubernetes\","
            + $"\"certificate-authority-data\":\"{authorities}\",\"proxy-url\":\"http://proxy:3128\","
            + "\"config\":{\"audience\":\"7\",\"retries\":7,\"deep\":[{\"on\":true},null,1.5]}}");
    }

    [Theory]
    [InlineData("command: aws", "exec: apiVersion is \"\", not client.authentication.k8s.io/v1 or")]
    [InlineData("{ command: aws, apiVersion: client.authentication.k8s.io/v1alpha1 }", "apiVersion is \"client")]
    [InlineData(Version, "exec names no command such as /usr/local/bin/credentials")]
    [InlineData(Version + "\ncommand: aws", "exec: interactiveMode is \"\", not Never or IfAvailable")]
    [InlineData(Version + "\ncommand: aws\ninteractiveMode: Always", "interactiveMode is \"Always\", and a daemon")]
    [InlineData(Version + "\ncommand: aws\ninteractiveMode: Never\nenv: [ { value: a } ]", "a variable without a name")]
    public void A_plugin_that_cannot_be_used_is_refused_by_name(string exec, string message) =>
        Should.Throw<InvalidDataException>(() => Read(exec)).Message.ShouldContain(message);

    private ExecPlugin Read(string exec, string cluster = "server: https://192.0.2.10:6443")
    {
        File.WriteAllText(_directory["kubeconfig"], $$"""
            current-context: x
            contexts: [ { name: x, context: { cluster: c, user: u } } ]
            clusters:
            - name: c
              cluster:
                {{cluster.ReplaceLineEndings("\n    ")}}
            users:
            - name: u
              user:
                exec:
                  {{exec.ReplaceLineEndings("\n      ")}}
            """);
        return KubeconfigReader.Read([_directory["kubeconfig"]], ProxyEnvironment.Of(static _ => null)).Plugin!;
    }
}
