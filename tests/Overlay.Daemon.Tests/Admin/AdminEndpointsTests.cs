using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Callers;
using Overlay.Daemon.Options;
using Overlay.Host.Http;
using Overlay.Host.Interop;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class AdminEndpointsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Path => _directory["overlayd.sock"];

    [Fact]
    public void A_socket_that_no_daemon_serves_any_more_is_removed()
    {
        // Connections to a socket that does not listen are refused, as to that of a process that is gone.
        using Socket left = Bound();
        Listen();
        File.Exists(Path).ShouldBeFalse();
    }

    [Fact]
    public void A_socket_that_another_daemon_serves_stays_and_ends_the_start()
    {
        using Socket other = Bound();
        other.Listen();
        Should.Throw<LinuxException>(Listen).Message.ShouldContain(Path);
        File.Exists(Path).ShouldBeTrue();
    }

    [Fact]
    public void A_file_in_its_place_stays_and_is_named()
    {
        File.WriteAllText(Path, "precious");
        Should.Throw<ConfigurationException>(Listen).Message.ShouldStartWith($"Overlay:Admin:Socket '{Path}' ");
        File.ReadAllText(Path).ShouldBe("precious");
    }

    [Fact]
    public void A_missing_directory_is_made_for_its_owner_alone()
    {
        Listen("new/overlayd.sock");
        File.GetUnixFileMode(_directory["new"])
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_process_of_another_user_gets_no_word_though_the_sockets_mode_lets_it_in()
    {
        CollectingLogger<CallerGate> log = new();
        int asked = 0;
        await using WebApplication application =
            await StartAsync(log, served => served.MapGet("/v1/status", () => $"asked {++asked}"));
        const UnixFileMode all = (UnixFileMode)511;
        File.SetUnixFileMode(_directory.Path, all);
        File.SetUnixFileMode(Path, all);

        OtherUser.Run(Ask).ShouldBe("");
        asked.ShouldBe(0);
        log.Warnings.ShouldHaveSingleItem()
            .ShouldStartWith($"User {OtherUser.Id} (process {Environment.ProcessId}) is refused");
        Ask().ShouldEndWith("asked 1");
        log.Warnings.Count.ShouldBe(1);
        await application.StopAsync();
    }

    [Theory]
    [InlineData(4096, "200")]
    [InlineData(4097, "414")]
    public async Task A_request_line_has_a_bound(int length, string status)
    {
        await using WebApplication application =
            await StartAsync(new(), static served => served.MapGet("/v1/status", () => "yes"));

        // PlainHttp's line is GET PATH HTTP/1.0, with the two bytes of its end.
        string path = "/v1/status?".PadRight(length - "GET  HTTP/1.0\r\n".Length, 'x');
        PlainHttp.Get(new UnixDomainSocketEndPoint(Path), path, TimeSpan.FromSeconds(5))
            .ShouldStartWith($"HTTP/1.1 {status} ");
        await application.StopAsync();
    }

    [Theory]
    [InlineData("", 4096, "200")]
    [InlineData("", 4097, "413")]
    [InlineData("X: {0}\r\n", 32 * 1024 - 24, "200")]
    [InlineData("X: {0}\r\n", 32 * 1024, "431")]
    public async Task A_requests_head_and_body_have_bounds(string header, int length, string status)
    {
        await using WebApplication application = await StartAsync(new(), static served => served.MapMethods(
            "/v1/level", ["GET", "PUT"],
            async (HttpRequest request) => $"{await new StreamReader(request.Body).ReadToEndAsync()}"));
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path));
        bool isHead = header.Length > 0;
        string text = new('x', length);
        string head = isHead
            ? string.Format(CultureInfo.InvariantCulture, header, text)
            : $"Content-Length: {length}\r\n";
        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"{(isHead ? "GET" : "PUT")} /v1/level HTTP/1.0\r\n{head}\r\n{(isHead ? "" : text)}"));
        byte[] answer = new byte[64];
        int received = await client.ReceiveAsync(answer);
        Encoding.ASCII.GetString(answer, 0, received).ShouldStartWith($"HTTP/1.1 {status} ");
        await application.StopAsync();
    }

    public void Dispose() => _directory.Dispose();

    private async Task<WebApplication> StartAsync(CollectingLogger<CallerGate> log, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        _ = builder.WebHost.ConfigureKestrel(
            kestrel => AdminEndpoints.Listen(kestrel, Options("overlayd.sock"), new(TimeProvider.System, log)));
        WebApplication application = builder.Build();
        map(application);
        await application.StartAsync();
        return application;
    }

    // A connection that is closed before all of the question is read is reset.
    private string Ask()
    {
        try
        {
            return PlainHttp.Get(new UnixDomainSocketEndPoint(Path), "/v1/status", TimeSpan.FromSeconds(5));
        }
        catch (SocketException exception)
            when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return "";
        }
    }

    private Socket Bound()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    private void Listen() => Listen("overlayd.sock");

    private void Listen(string name)
    {
        OverlayOptions options = Options(name);
        AdminEndpoints.Listen(
            new KestrelServerOptions(), options, new(TimeProvider.System, new CollectingLogger<CallerGate>()));
        _ = new AdminSocketPlace(options).StartingAsync(default);
    }

    private OverlayOptions Options(string name) =>
        TestOptions.With(("Admin:Socket", _directory[name]), ("Admin:Http", "off"));
}
