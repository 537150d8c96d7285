using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Lab.Stores;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>TLS on both sides, and etcd's own users.</summary>
public sealed class EtcdSecurityTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task With_certificates_and_a_user_a_lease_comes_and_goes()
    {
        using EtcdServer server = EtcdServer.Start(new() { Tls = _authority.Server });
        EtcdOptions options = _authority.OptionsFor(server.Endpoint) with
        {
            Username = "node",
            Password = "p:w",
        };
        _ = server.Ctl("put", "/coreos.com/network/config", EtcdNetwork.Ipv4);
        _ = server.Ctl("user", "add", "root:secret");
        _ = server.Ctl("user", "add", "node:p:w");
        _ = server.Ctl("role", "add", "network");
        _ = server.Ctl("role", "grant-permission", "--prefix=true", "network", "readwrite", "/coreos.com/network/");
        _ = server.Ctl("user", "grant-role", "node", "network");
        _ = server.Ctl("user", "grant-role", "root", "root");

        // Users come into force under a running daemon, and its tokens are forgotten by a restart of etcd.
        await using WatchedSource node = new(options);
        Lease own = await node.StartAsync(1);
        _ = server.Ctl("auth", "enable");
        await node.Source.PublishAsync(own with { PublicIp = SampleLeases.Address("192.168.77.9") }, default);
        await node.ShouldSee(own with { PublicIp = SampleLeases.Address("192.168.77.9") });
        server.Restart();
        await node.Eventually(() => Publishes(node, own), "published under a new token");
        await node.ShouldSee(own);
        _ = server.Ctl("--user=root:secret", "put", "/coreos.com/network/subnets/10.244.2.0-24", EtcdNetwork.Value(2));
        await node.ShouldSeeNodes("10.244.2.0-24");
        await node.ShouldHaveNoProblem();
        node.Source.CertificateExpiry.ShouldNotBeNull().ShouldBeGreaterThan(DateTimeOffset.UtcNow);

        using EtcdLeaseSource wrong = new(options with { Password = "other" }, new CollectingLogger<EtcdLeaseSource>());
        IOException thrown = await Should.ThrowAsync<IOException>(wrong.PublishAsync(own, default));
        thrown.Message.ShouldContain("authentication failed, invalid user ID or password");

        _ = server.Ctl(
            "--user=root:secret", "role", "revoke-permission", "--prefix=true", "network", "/coreos.com/network/");
        using EtcdLeaseSource forbidden = new(options, new CollectingLogger<EtcdLeaseSource>());
        thrown = await Should.ThrowAsync<IOException>(forbidden.PublishAsync(own, default));
        thrown.Message.ShouldContain("permission denied");
    }

    [Fact]
    public async Task Who_may_not_write_has_one_etcd_lease_however_often_it_tries()
    {
        using EtcdServer server = EtcdServer.Start();
        _ = server.Ctl("put", "/coreos.com/network/config", EtcdNetwork.Ipv4);
        _ = server.Ctl("user", "add", "root:secret");
        _ = server.Ctl("user", "add", "node:p:w");
        _ = server.Ctl("role", "add", "network");
        _ = server.Ctl("role", "grant-permission", "--prefix=true", "network", "read", "/coreos.com/network/");
        _ = server.Ctl("user", "grant-role", "node", "network");
        _ = server.Ctl("user", "grant-role", "root", "root");
        _ = server.Ctl("auth", "enable");
        await using WatchedSource node =
            new(new() { Endpoints = [server.Endpoint], Username = "node", Password = "p:w" });
        Task<PodCidrs> acquiring = node.AcquireAsync(EtcdNetwork.Request(1));
        await node.ShouldSay(server.Endpoint.Authority, "permission denied");

        // Four tries at least, on an idle machine.
        await Task.Delay(2000);
        server.Ctl("--user=root:secret", "lease", "list").ShouldContain("found 1 leases");
        _ = server.Ctl("--user=root:secret", "role", "grant-permission", "--prefix=true", "network", "readwrite",
            "/coreos.com/network/");
        _ = await acquiring;
        server.Ctl("--user=root:secret", "lease", "list").ShouldContain("found 1 leases");
    }

    [Fact]
    public async Task Without_the_right_certificate_there_is_no_store()
    {
        using EtcdServer server = EtcdServer.Start(new() { Tls = _authority.Server });
        EtcdOptions options = _authority.OptionsFor(server.Endpoint);
        using TestAuthority other = new();
        (await Refusal(options with { CaFile = other.CaFile })).ShouldContain("certificate");
        (await Refusal(options with { CertFile = null, KeyFile = null })).ShouldContain(server.Endpoint.OriginalString);
        (await Refusal(options with { CertFile = other.ClientCertFile, KeyFile = other.ClientKeyFile }))
            .ShouldContain(server.Endpoint.OriginalString);
        (await Refusal(options)).ShouldContain("config is missing");
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_from_the_next_connection_on()
    {
        // The files begin as those of an authority that the server does not know.
        using EtcdServer server = EtcdServer.Start(new() { Tls = _authority.Server });
        _ = server.Ctl("put", "/coreos.com/network/config", EtcdNetwork.Ipv4);
        using TestAuthority other = new();
        EtcdOptions options = _authority.OptionsFor(server.Endpoint) with
        {
            CertFile = other.ClientCertFile,
            KeyFile = other.ClientKeyFile,
        };
        using EtcdLeaseSource source = new(options, new CollectingLogger<EtcdLeaseSource>());
        Lease own = EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24"));
        _ = await Should.ThrowAsync<IOException>(source.PublishAsync(own, default));

        // Half replaced, the pair does not fit: the error says so, and the one before stays in use.
        File.Copy(_authority.ClientCertFile, other.ClientCertFile, overwrite: true);
        (await Should.ThrowAsync<IOException>(source.PublishAsync(own, default))).Message.ShouldContain(
            $"CertFile or KeyFile is '{other.ClientCertFile}' with");
        File.Copy(_authority.ClientKeyFile, other.ClientKeyFile, overwrite: true);
        await source.PublishAsync(own, default);

        // Renewed by the same authority, and the member is asked on a new connection.
        _authority.RenewClient();
        File.Copy(_authority.ClientCertFile, other.ClientCertFile, overwrite: true);
        File.Copy(_authority.ClientKeyFile, other.ClientKeyFile, overwrite: true);
        await source.PublishAsync(own with { PublicIp = SampleLeases.Address("192.168.77.9") }, default);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "node", true)]
    [InlineData("https://127.0.0.1:1", "node", false)]
    [InlineData("http://127.0.0.1:1", null, false)]
    public void A_password_that_anyone_can_read_on_the_way_is_told(string endpoint, string? user, bool isTold)
    {
        CollectingLogger<EtcdLeaseSource> log = new();
        new EtcdLeaseSource(new() { Endpoints = [new(endpoint)], Username = user, Password = "secret" }, log).Dispose();
        log.Warnings.Any(line => line.Contains("can read the password of node", StringComparison.Ordinal))
            .ShouldBe(isTold);
        log.Warnings.ShouldNotContain(line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_named_at_the_start()
    {
        EtcdOptions options = new() { Endpoints = [new("https://127.0.0.1:1")] };
        string empty = _authority.Path("empty.pem");
        File.WriteAllText(empty, "nothing");
        Complaint(options with { CaFile = "/no/such.pem" })
            .ShouldContain("ControlPlane:Etcd:CaFile is '/no/such.pem', which cannot be used");
        Complaint(options with { CaFile = empty })
            .ShouldContain("there is no certificate in it; it should name PEM such as /etc/etcd/ca.pem");
        Complaint(options with { CertFile = _authority.ClientCertFile })
            .ShouldContain("CertFile is set without KeyFile");
        Complaint(options with { KeyFile = _authority.ClientKeyFile }).ShouldContain("KeyFile is set without CertFile");
        Complaint(options with { CertFile = _authority.ClientCertFile, KeyFile = _authority.Server.KeyFile })
            .ShouldContain("cannot be used");
    }

    private static bool Publishes(WatchedSource node, Lease own)
    {
        try
        {
            node.Source.PublishAsync(own, default).GetAwaiter().GetResult();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<string> Refusal(EtcdOptions options)
    {
        using EtcdLeaseSource source = new(options, new CollectingLogger<EtcdLeaseSource>());
        return (await Should.ThrowAsync<IOException>(
            source.PublishAsync(EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24")), default))).Message;
    }

    private static string Complaint(EtcdOptions options) =>
        Should.Throw<InvalidDataException>(
            () => new EtcdLeaseSource(options, new CollectingLogger<EtcdLeaseSource>()).Dispose()).Message;
}
