using System.Diagnostics;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public sealed class KubernetesConnectionTests : IDisposable
{
    private readonly StandinCertificates _certificates = new();
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true, "HTTP/2")]
    [InlineData(false, "HTTP/1.1")]
    public async Task A_pod_finds_the_server_its_token_and_its_authority(bool offersHttp2, string protocol)
    {
        await using KubernetesFixture fixture = await StartAsync(offersHttp2);
        fixture.Standin.Tokens = ["first"];
        fixture.Watch();
        await fixture.ShouldSee(Own);
        fixture.Standin.Requests.ShouldAllBe(request => request.Protocol == protocol && request.Token == "first");
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 2)));
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.Source.PublishAsync(Own, default);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_read_again_at_once()
    {
        await using KubernetesFixture fixture = await StartAsync();
        fixture.Standin.Tokens = ["first"];
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        File.WriteAllText(_directory["token"], "second\n");
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests[^1].Token.ShouldBe("first", "it is read once a minute");

        fixture.Standin.Tokens = ["second"];
        await fixture.Source.PublishAsync(Own with { PublicIp = Address("192.168.77.77") }, default);
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp).ShouldBe("192.168.77.77");
        fixture.Requests(static request => request.Token == "first").Count.ShouldBe(3);

        fixture.Standin.Tokens = ["third"];
        IOException refused = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        refused.Message.ShouldBe(
            $"answers 401 Unauthorized: Unauthorized: it does not take the token in {_directory["token"]}");
    }

    [Fact]
    public async Task A_token_is_read_again_when_it_is_old()
    {
        await using KubernetesFixture fixture =
            await StartAsync(timings: KubernetesFixture.Quick with { CredentialAge = TimeSpan.Zero });
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        File.WriteAllText(_directory["token"], "second");
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        File.Delete(_directory["token"]);
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.Select(static request => request.Token).ShouldBe(["first", "second", "second"]);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("the token read before stays in use");
    }

    [Fact]
    public async Task A_bad_token_file_is_named_and_waited_for()
    {
        await using KubernetesFixture fixture = await StartAsync();
        File.Delete(_directory["token"]);
        IOException missing = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        missing.Message.ShouldContain($"the token in {_directory["token"]} cannot be read");
        File.WriteAllText(_directory["token"], "two\nlines");
        fixture.Watch();
        await fixture.Eventually(
            () => fixture.Source.Problems.Any(static problem => problem.Value.Contains("it holds no token")));
        File.WriteAllText(_directory["token"], "first");
        await fixture.ShouldSee(Own);
    }

    [Theory]
    [InlineData(StandinCertificates.DefaultName)]
    [InlineData("another authority")]
    public async Task A_server_of_another_authority_is_not_trusted_until_its_authority_is(string name)
    {
        await using KubernetesFixture fixture = await StartAsync();
        File.WriteAllText(_directory["ca.crt"], new StandinCertificates(name).AuthorityPem);
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        fixture.Source.Problems.Single().Value.ShouldStartWith(
            "cannot be reached: the server's certificate CN=stand-in is not vouched for by the authorities in "
            + $"{_directory["ca.crt"]}");
        fixture.Standin.Requests.ShouldBeEmpty();

        // As kubelet does when authorities change: both, then the new one alone.
        File.WriteAllText(
            _directory["ca.crt"], new StandinCertificates(name).AuthorityPem + "\n" + _certificates.AuthorityPem);
        await fixture.ShouldSee(Own);
    }

    [Fact]
    public async Task The_name_in_the_certificate_must_be_the_one_asked_for()
    {
        await using KubernetesFixture fixture = await StartAsync();
        using KubernetesLeaseSource source =
            WithKubeconfig(fixture, "token: first", "tls-server-name: other.example.com");
        IOException exception = await Should.ThrowAsync<IOException>(() => source.FindAsync("own", default));
        exception.Message.ShouldBe(
            "cannot be reached: the server's certificate CN=stand-in is for another name or address");
        using KubernetesLeaseSource right =
            WithKubeconfig(fixture, "token: first", "tls-server-name: standin.example.com");
        (await right.FindAsync("own", default)).ShouldBe(Own);
    }

    [Fact]
    public async Task A_kubeconfigs_client_certificate_and_token_are_shown()
    {
        await using KubernetesFixture fixture = await StartAsync();
        WriteClient(_certificates.Client("overlay"));
        using KubernetesLeaseSource source =
            WithKubeconfig(fixture, "client-certificate: client.crt, client-key: client.key");
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests[^1].ShouldSatisfyAllConditions(
            request => request.ClientCertificate.ShouldBe("CN=overlay"), request => request.Token.ShouldBeNull(),
            request => request.Protocol.ShouldBe("HTTP/2"));
        source.CertificateExpiry.ShouldNotBeNull().ShouldBeGreaterThan(DateTimeOffset.UtcNow);

        using KubernetesLeaseSource byToken = WithKubeconfig(fixture, "tokenFile: token");
        (await byToken.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests[^1].Token.ShouldBe("first");
        byToken.CertificateExpiry.ShouldBeNull();
    }

    [Fact]
    public async Task A_kubeconfigs_certificate_is_shown_with_those_between_it_and_the_servers_authority()
    {
        await using KubernetesFixture fixture = await StartAsync(checksClients: true);
        WriteClient(_certificates.ClientOfIntermediate("overlay"));
        using KubernetesLeaseSource source =
            WithKubeconfig(fixture, "client-certificate: client.crt, client-key: client.key");
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.ShouldHaveSingleItem().ClientCertificate.ShouldBe("CN=overlay");
    }

    [Fact]
    public async Task A_kubeconfigs_certificate_that_was_replaced_is_shown_once_its_key_is_there_too()
    {
        await using KubernetesFixture fixture = await StartAsync();
        WriteClient(_certificates.Client("first"));
        using KubernetesLeaseSource source = WithKubeconfig(
            fixture, "client-certificate: client.crt, client-key: client.key",
            timings: KubernetesFixture.Quick with { CredentialAge = TimeSpan.Zero });
        (await source.FindAsync("own", default)).ShouldBe(Own);
        (string certificate, string key) = _certificates.Client("second");
        File.WriteAllText(_directory["client.crt"], certificate);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        File.WriteAllText(_directory["client.key"], key);
        (await source.FindAsync("own", default)).ShouldBe(Own);
        fixture.Standin.Requests.Select(static request => request.ClientCertificate)
            .ShouldBe(["CN=first", "CN=first", "CN=second"]);
        fixture.Logger.Warnings.ShouldHaveSingleItem()
            .ShouldStartWith($"Client certificate {_directory["client.crt"]} cannot be used; the one before stays");
    }

    [Fact]
    public async Task A_kubeconfigs_certificate_that_cannot_be_used_is_named_with_its_key()
    {
        await using KubernetesFixture fixture = await StartAsync();
        WriteClient(("no PEM", "no PEM"));
        using KubernetesLeaseSource source =
            WithKubeconfig(fixture, "client-certificate: client.crt, client-key: client.key");
        (await Should.ThrowAsync<IOException>(() => source.FindAsync("own", default))).Message.ShouldStartWith(
            $"cannot be asked: the client certificate in {_directory["client.crt"]} with the key in "
            + $"{_directory["client.key"]} cannot be used: ");
    }

    [Fact]
    public async Task A_token_is_not_sent_where_anyone_could_read_it()
    {
        File.WriteAllText(_directory["token"], "first");
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            change: options => options with { ServiceAccountDirectory = _directory.Path }, nodes: SampleNodes.Of(Own));
        _ = await fixture.Source.FindAsync("own", default);
        fixture.Standin.Requests.ShouldHaveSingleItem().Token.ShouldBeNull();
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("none is sent");
    }

    [Fact]
    public async Task A_connection_that_is_half_open_is_noticed_by_pings()
    {
        await using ApiServerStandin standin =
            await ApiServerStandin.StartAsync(new() { Certificates = _certificates });
        await using HalfOpenProxy proxy = new(standin.Url);
        await using KubernetesFixture fixture =
            await StartAsync(change: options => options with { ApiServer = $"https://127.0.0.1:{proxy.Port}" });
        standin.Nodes.Put(SampleNodes.Of(Own));
        standin.Nodes.Put(SampleNodes.Of(Ipv4("b", 2)));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);

        Stopwatch watch = Stopwatch.StartNew();
        proxy.Cut();
        standin.Nodes.Put(SampleNodes.Of(Ipv4("b", 3)));
        await fixture.Eventually(() => fixture.Source.Status.State == StoreState.Disconnected);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(25));
        fixture.Leases.ShouldBe([Ipv4("b", 2), Own]);
        proxy.Mend();
        await fixture.ShouldSee(Ipv4("b", 3), Own);
        fixture.Snapshots.ShouldBe(1);
    }

    private async Task<KubernetesFixture> StartAsync(bool offersHttp2 = true, KubernetesTimings? timings = null,
        Func<KubernetesOptions, KubernetesOptions>? change = null, bool checksClients = false)
    {
        File.WriteAllText(_directory["token"], "first");
        File.WriteAllText(_directory["ca.crt"], _certificates.AuthorityPem);
        return await KubernetesFixture.StartAsync(
            timings, new()
            {
                Certificates = _certificates,
                OffersHttp2 = offersHttp2,
                ChecksClients = checksClients,
            },
            options => (change ?? (static same => same))(options with { ServiceAccountDirectory = _directory.Path }),
            nodes: SampleNodes.Of(Own));
    }

    private void WriteClient((string Certificates, string Key) client)
    {
        File.WriteAllText(_directory["client.crt"], client.Certificates);
        File.WriteAllText(_directory["client.key"], client.Key);
    }

    private KubernetesLeaseSource WithKubeconfig(
        KubernetesFixture fixture, string user, string cluster = "", KubernetesTimings? timings = null)
    {
        string text = Kubeconfig.Format(fixture.Standin.Url, "ca.crt", user);
        if (cluster.Length > 0)
            text = text.Replace(
                "    certificate-authority:", $"    {cluster}\n    certificate-authority:", StringComparison.Ordinal);
        File.WriteAllText(_directory["kubeconfig"], text);
        return new(
            new()
            {
                NodeName = "own",
                Kubeconfig = _directory["kubeconfig"],
                Timings = timings ?? KubernetesFixture.Quick,
            },
            fixture.Logger);
    }
}
