using System.Net;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Lab.Stores;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>Members beyond a proxy.</summary>
public sealed class EtcdProxyTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly Lease _own = EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24"));

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_member_with_TLS_is_asked_by_way_of_the_environments_proxy()
    {
        using EtcdServer server = EtcdServer.Start(new() { Tls = _authority.Server });
        _ = server.Ctl("put", "/coreos.com/network/config", EtcdNetwork.Ipv4);
        await using ConnectProxy proxy = new(new(IPAddress.Loopback, server.Endpoint.Port), "me:p@ss");
        await using WatchedSource node = new(Options($"https://{TestAuthority.ServerName}:{server.Endpoint.Port}", new()
        {
            ["HTTPS_PROXY"] = $"http://me:p%40ss@{proxy.Authority}",
            ["NO_PROXY"] = "192.0.2.0/24",
        }));
        Lease own = await node.StartAsync(1);
        await node.ShouldSee(own);
        proxy.Tunnels.ShouldAllBe(name => name == $"{TestAuthority.ServerName}:{server.Endpoint.Port}");
        proxy.Tunnels.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("http", "")]
    [InlineData("https", ".example.com")]
    public async Task Exceptions_and_members_without_TLS_are_asked_directly(string scheme, string exceptions)
    {
        await using ConnectProxy proxy = new(new(IPAddress.Loopback, 1));
        IOException thrown = await RefusalAsync(Options($"{scheme}://{TestAuthority.ServerName}:1", new()
        {
            ["HTTP_PROXY"] = proxy.Authority,
            ["HTTPS_PROXY"] = proxy.Authority,
            ["NO_PROXY"] = exceptions,
        }));
        thrown.Message.ShouldNotContain("proxy");
        proxy.Tunnels.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_proxy_that_is_away_is_named_without_its_password()
    {
        IOException thrown = await RefusalAsync(Options(
            $"https://{TestAuthority.ServerName}:1", new() { ["https_proxy"] = "http://me:secret@127.0.0.1:1" }));
        thrown.Message.ShouldContain("does not answer by way of the proxy 127.0.0.1:1: ");
        thrown.Message.ShouldNotContain("secret");
    }

    [Fact]
    public void A_variable_that_is_no_proxys_URL_is_named_at_the_start() =>
        Should.Throw<InvalidDataException>(() => new EtcdLeaseSource(
                Options("https://127.0.0.1:1", new() { ["HTTPS_PROXY"] = "ftp://x" }),
                new CollectingLogger<EtcdLeaseSource>()).Dispose())
            .Message.ShouldContain("environment variable HTTPS_PROXY");

    private async Task<IOException> RefusalAsync(EtcdOptions options)
    {
        using EtcdLeaseSource source = new(options, new CollectingLogger<EtcdLeaseSource>());
        return await Should.ThrowAsync<IOException>(source.PublishAsync(_own, default));
    }

    private EtcdOptions Options(string endpoint, Dictionary<string, string> variables) =>
        _authority.OptionsFor(new(endpoint)) with
        {
            RequestTimeout = TimeSpan.FromSeconds(3),
            Variables = variables.GetValueOrDefault,
        };
}
