using Overlay.ControlPlane.Leases;
using Overlay.Lab.Stores;

namespace Overlay.ControlPlane.Tests;

/// <summary>Set-ups of etcd that flannel works with, in each of which etcd's JSON gateway fails.</summary>
public sealed class EtcdSetUpTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public Task An_etcd_that_was_started_by_a_config_file_is_used() => UseAsync(new() { UsesConfigFile = true });

    [Fact]
    public Task An_etcd_without_its_gateway_is_used() => UseAsync(new() { Flags = ["--enable-grpc-gateway=false"] });

    [Fact]
    public Task An_etcd_whose_certificate_is_for_servers_alone_is_used() =>
        UseAsync(new() { Tls = _authority.ServerOnly });

    [Fact]
    public Task A_certificates_common_name_is_the_user() => UseAsync(new() { Tls = _authority.Server }, server =>
    {
        _ = server.Ctl("user", "add", "root:secret");
        _ = server.Ctl("user", "grant-role", "root", "root");
        _ = server.Ctl("role", "add", "network");
        _ = server.Ctl("role", "grant-permission", "--prefix=true", "network", "readwrite", "/coreos.com/network/");
        _ = server.Ctl("user", "add", "client", "--no-password");
        _ = server.Ctl("user", "grant-role", "client", "network");
        _ = server.Ctl("auth", "enable");
    });

    private static async Task UseAsync(EtcdServerOptions setUp, Action<EtcdServer>? prepare = null)
    {
        using EtcdServer server = EtcdServer.Start(setUp);
        _ = server.Ctl("put", "/coreos.com/network/config", EtcdNetwork.Ipv4);
        _ = server.Ctl("put", "/coreos.com/network/subnets/10.244.2.0-24", EtcdNetwork.Value(2));
        prepare?.Invoke(server);
        await using WatchedSource node = new(new()
        {
            Endpoints = [server.Endpoint],
            CaFile = setUp.Tls?.CaFile,
            CertFile = setUp.Tls?.ClientCertFile,
            KeyFile = setUp.Tls?.ClientKeyFile,
        });
        Lease own = await node.StartAsync(1);
        await node.ShouldSee(own);
        await node.ShouldSeeNodes("10.244.2.0-24");
        await node.ShouldHaveNoProblem();
    }
}
