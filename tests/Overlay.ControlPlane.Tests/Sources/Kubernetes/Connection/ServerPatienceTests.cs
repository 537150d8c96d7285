using System.Net;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public sealed class ServerPatienceTests
{
    private static readonly ApiServerException _away = new(null, "cannot be reached");
    private static readonly ApiServerException _refusal = new(HttpStatusCode.Gone, "too old resource version");
    private readonly KubernetesTimings _timings = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_refusal_after_a_long_outage_waits_as_if_there_had_been_none()
    {
        for (int i = 0; i < 200; i++)
        {
            ServerPatience patience = Patience(30, _away);
            patience.Next(_refusal).ShouldBeLessThanOrEqualTo(_timings.FirstBackoff);
            patience.Next(_away).ShouldBeLessThanOrEqualTo(_timings.FirstBackoff, "the server has answered");
        }
    }

    [Fact]
    public void A_server_that_is_away_is_found_within_seconds_of_its_return()
    {
        for (int i = 0; i < 200; i++) Patience(30, _away).Next(_away).TotalSeconds.ShouldBeLessThan(5);
    }

    [Fact]
    public void A_server_that_refuses_is_asked_ever_more_rarely_and_so_is_a_plugin_that_fails()
    {
        ApiServerException plugin = new(null, "no", cause: new CredentialException("no"));
        foreach (Exception refusal in new Exception[] { _refusal, plugin, new InvalidDataException("<html>") })
            Enumerable.Range(0, 200).Max(_ => Patience(10, refusal).Next(refusal).TotalSeconds).ShouldBeGreaterThan(15);
    }

    [Fact]
    public void A_wait_that_the_server_asks_for_comes_on_top() =>
        Patience(0, _away).Next(new ApiServerException(HttpStatusCode.TooManyRequests, "busy", TimeSpan.FromMinutes(1)))
            .ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMinutes(1));

    private ServerPatience Patience(int failures, Exception failure)
    {
        ServerPatience patience = new(_timings, _time);
        for (int i = 0; i < failures; i++) _ = patience.Next(failure);
        return patience;
    }
}
