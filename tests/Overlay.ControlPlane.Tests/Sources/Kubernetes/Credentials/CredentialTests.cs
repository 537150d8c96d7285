using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Sources;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.ControlPlane.Sources.Proxies;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public sealed class CredentialTests : IDisposable
{
    private const string Secret = "hunter2";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_token_file_has_a_bound()
    {
        string token = new('t', 64 * 1024);
        File.WriteAllText(_directory["token"], token);
        (await CurrentAsync()).Token.ShouldBe(token);
        File.AppendAllText(_directory["token"], "t");
        (await Should.ThrowAsync<CredentialException>(CurrentAsync)).Message
            .ShouldContain("65537 bytes, more than the 65536 that a token may have");
    }

    [Fact]
    public void A_PEM_file_has_a_bound()
    {
        string pem = new('p', 1024 * 1024);
        File.WriteAllText(_directory["pem"], pem);
        new PemSource(_directory["pem"], null).Read().ShouldBe(pem);
        File.AppendAllText(_directory["pem"], "p");
        Should.Throw<IOException>(() => new PemSource(_directory["pem"], null).Read()).Message
            .ShouldContain("1048577 bytes, more than the 1048576 that a PEM file may have");
    }

    /// <summary>A record that is logged, by mistake or in a fault, is logged by this.</summary>
    [Fact]
    public void No_secret_is_in_the_text_of_what_holds_it()
    {
        object[] holders =
        [
            new Credential(Secret, new(Secret, Secret)),
            new ClientCertificate(Secret, Secret),
            new PemSource(null, Secret),
            new ExecPlugin("/bin/x", [Secret], [KeyValuePair.Create("TOKEN", Secret)], "v1", null, ""),
            new EtcdOptions { Endpoints = [new($"http://u:{Secret}@192.0.2.1")], Username = "u", Password = Secret },
            new ApiServerAccess
            {
                Server = new("https://192.0.2.10"), Proxies = ProxyEnvironment.Of(static _ => null), Token = Secret,
            },
            new ProxyServer(new("http://192.0.2.1"), new("u", Secret)),
        ];
        foreach (object holder in holders) $"{holder}".ShouldNotContain(Secret, Case.Sensitive, holder.GetType().Name);
    }

    private async Task<Credential> CurrentAsync() => await new BearerToken(
        null, _directory["token"], TimeSpan.FromMinutes(1), TimeProvider.System, NullLogger.Instance)
        .CurrentAsync(default);
}
