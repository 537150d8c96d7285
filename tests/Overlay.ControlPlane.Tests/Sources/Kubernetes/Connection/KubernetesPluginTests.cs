using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>A server that is shown what a credential plugin gives.</summary>
public sealed class KubernetesPluginTests : IDisposable
{
    private readonly StandinCertificates _certificates = new();
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_token_is_kept_until_the_server_refuses_it()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(fixture);
        Answer("\"token\":\"first\"");
        fixture.Standin.Tokens = ["first"];
        (await source.FindAsync("own", default)).ShouldBe(Own);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        Runs.ShouldBe(1);

        Answer("\"token\":\"second\"");
        fixture.Standin.Tokens = ["second"];
        await source.PublishAsync(Own with { PublicIp = Address("192.168.77.77") }, default);
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp).ShouldBe("192.168.77.77");
        Runs.ShouldBe(2);

        fixture.Standin.Tokens = ["third"];
        IOException refused = await Should.ThrowAsync<IOException>(() => source.FindAsync("own", default));
        refused.Message.ShouldBe(
            "answers 401 Unauthorized: Unauthorized: it does not take the credentials of the plugin sh");
    }

    [Fact]
    public async Task A_token_that_has_expired_is_replaced_before_it_is_shown()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(fixture);
        Answer($"\"token\":\"first\",\"expirationTimestamp\":\"{_time.Now.AddMinutes(10):yyyy-MM-ddTHH:mm:ssZ}\"");
        (await source.FindAsync("own", default)).ShouldBe(Own);
        _time.Now += TimeSpan.FromMinutes(9);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        Runs.ShouldBe(1);

        Answer("\"token\":\"second\"");
        _time.Now += TimeSpan.FromMinutes(1);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.Select(static request => request.Token).ShouldBe(["first", "first", "second"]);
    }

    [Fact]
    public async Task A_certificate_that_was_replaced_is_shown_on_connections_of_its_own()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(fixture);
        AnswerCertificate(_certificates.Client("first"));
        (await source.FindAsync("own", default)).ShouldBe(Own);
        AnswerCertificate(_certificates.Client("second"));
        _time.Now += TimeSpan.FromMinutes(10);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.Select(static request => request.ClientCertificate)
            .ShouldBe(["CN=first", "CN=second"]);
    }

    [Fact]
    public async Task A_certificate_is_shown_with_those_between_it_and_the_servers_authority()
    {
        await using KubernetesFixture fixture = await StartAsync(checksClients: true);
        using KubernetesLeaseSource source = WithPlugin(fixture);
        AnswerCertificate(_certificates.ClientOfIntermediate("overlay"));
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.ShouldHaveSingleItem().ClientCertificate.ShouldBe("CN=overlay");
    }

    [Fact]
    public async Task A_plugin_that_fails_is_quoted_and_run_again()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(fixture);
        IOException exception = await Should.ThrowAsync<IOException>(() => source.FindAsync("own", default));
        exception.Message.ShouldStartWith("cannot be asked: credential plugin sh ends with exit code 1: ");
        exception.Message.ShouldContain("answer");
        fixture.Standin.Requests.ShouldBeEmpty();
        Answer("\"token\":\"first\"");
        (await source.FindAsync("own", default)).ShouldBe(Own);
    }

    [Fact]
    public async Task A_plugin_that_is_slower_than_a_request_is_named_and_its_run_serves_the_next()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(
            fixture, wait: "until [ -e answer ]; do sleep 0.1; done",
            timings: KubernetesFixture.Quick with { RequestTimeout = TimeSpan.FromSeconds(1) });
        using CancellationTokenSource caller = new();
        Task<Lease?> stopped = source.FindAsync("own", caller.Token);
        await caller.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(stopped);
        IOException slow = await Should.ThrowAsync<IOException>(() => source.FindAsync("own", default));
        slow.Message.ShouldBe("cannot be asked: credential plugin sh has not ended yet");

        Answer("\"token\":\"first\"", "unfinished");
        File.Move(_directory["unfinished"], _directory["answer"]);
        await fixture.Eventually(() => Finds(source));
        fixture.Standin.Requests[^1].Token.ShouldBe("first");
        Runs.ShouldBe(1);
    }

    [Fact]
    public async Task A_token_in_the_kubeconfig_comes_before_the_plugin()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source = WithPlugin(fixture, "token: own, ");
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.ShouldHaveSingleItem().Token.ShouldBe("own");
        File.Exists(_directory["runs"]).ShouldBeFalse();
    }

    private int Runs => File.ReadAllLines(_directory["runs"]).Length;

    private void AnswerCertificate((string Certificates, string Key) client) => Answer(
        $"\"clientCertificateData\":\"{client.Certificates.ReplaceLineEndings("\\n")}\","
        + $"\"clientKeyData\":\"{client.Key.ReplaceLineEndings("\\n")}\","
        + $"\"expirationTimestamp\":\"{_time.Now.AddMinutes(10):yyyy-MM-ddTHH:mm:ssZ}\"");

    private static bool Finds(KubernetesLeaseSource source)
    {
        try
        {
            return source.FindAsync("own", default).GetAwaiter().GetResult() == Own;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Answer(string status, string file = "answer") => File.WriteAllText(
        _directory[file],
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{""" + status + "}}");

    private Task<KubernetesFixture> StartAsync(bool checksClients = false) => KubernetesFixture.StartAsync(
        standin: new() { Certificates = _certificates, ChecksClients = checksClients }, nodes: SampleNodes.Of(Own));

    private KubernetesLeaseSource WithPlugin(
        KubernetesFixture fixture, string user = "", string wait = ":", KubernetesTimings? timings = null)
    {
        string script = $"cd {_directory.Path}; echo >> runs; {wait}; cat answer";
        File.WriteAllText(_directory["ca.crt"], _certificates.AuthorityPem);
        File.WriteAllText(_directory["kubeconfig"], Kubeconfig.Format(
            fixture.Standin.Url, "ca.crt",
            user + "exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, "
            + $"args: [ -c, \"{script}\" ] }}"));
        return new(
            new()
            {
                NodeName = "own",
                Kubeconfig = _directory["kubeconfig"],
                Timings = timings ?? KubernetesFixture.Quick,
            },
            fixture.Logger, _time);
    }
}
