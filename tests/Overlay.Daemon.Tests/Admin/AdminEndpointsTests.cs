using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Options;
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

    public void Dispose() => _directory.Dispose();

    private Socket Bound()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    private void Listen() => Listen("overlayd.sock");

    private void Listen(string name)
    {
        OverlayOptions options = TestOptions.With(("Admin:Socket", _directory[name]), ("Admin:Http", "off"));
        AdminEndpoints.Listen(new KestrelServerOptions(), options);
        _ = new AdminSocketPlace(options).StartingAsync(default);
    }
}
