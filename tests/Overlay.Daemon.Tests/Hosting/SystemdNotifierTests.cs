using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Overlay.Daemon.Tests;

public sealed class SystemdNotifierTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-").FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Systemd_hears_ready_alive_and_stopping(bool isAbstract)
    {
        string name = isAbstract ? $"@overlay-test-{Guid.NewGuid():N}" : Path.Combine(_directory, "notify");
        using Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        systemd.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + name[1..] : name));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", name);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "100000");
        try
        {
            using SystemdNotifier notifier = new(NullLogger<SystemdNotifier>.Instance);
            await notifier.StartedAsync(default);
            Next(systemd).ShouldBe("READY=1");
            Next(systemd).ShouldBe("WATCHDOG=1");
            notifier.Dispose();
            await notifier.StoppingAsync(default);
            string last;
            do last = Next(systemd);
            while (last == "WATCHDOG=1");
            last.ShouldBe("STOPPING=1");
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
            Environment.SetEnvironmentVariable("WATCHDOG_USEC", null);
        }
    }

    [Fact]
    public async Task Without_systemd_nothing_happens()
    {
        using SystemdNotifier notifier = new(NullLogger<SystemdNotifier>.Instance);
        await Should.NotThrowAsync(() => notifier.StartedAsync(default));
        await Should.NotThrowAsync(() => notifier.StoppingAsync(default));
    }

    [Fact]
    public async Task A_socket_that_nobody_serves_does_no_harm()
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", Path.Combine(_directory, "nobody"));
        try
        {
            using SystemdNotifier notifier = new(NullLogger<SystemdNotifier>.Instance);
            await Should.NotThrowAsync(() => notifier.StartedAsync(default));
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Next(Socket socket)
    {
        byte[] buffer = new byte[100];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
