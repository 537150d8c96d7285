using System.Net;
using Microsoft.AspNetCore.Http;
using Overlay.Daemon.StatusPage;

namespace Overlay.Daemon.Tests;

public sealed class LocalViewerTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:9472", true)]
    [InlineData("127.0.0.1", "localhost:8080", true)]
    [InlineData("::1", "[::1]:9472", true)]
    [InlineData("::ffff:127.0.0.1", "LOCALHOST", true)]
    [InlineData("192.0.2.7", "127.0.0.1:9472", false)]
    [InlineData("127.0.0.1", "evil.example:9472", false)]
    [InlineData("127.0.0.1", "192.0.2.1:9472", false)]
    [InlineData("127.0.0.1", "", false)]
    public void A_viewer_is_local_by_address_and_by_the_name_it_asks_for(string from, string host, bool isLocal)
    {
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = IPAddress.Parse(from);
        context.Request.Host = new HostString(host);
        LocalViewer.Is(context).ShouldBe(isLocal);
    }
}
