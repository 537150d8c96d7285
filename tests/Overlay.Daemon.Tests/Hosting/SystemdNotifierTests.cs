using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Problems;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class SystemdNotifierTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ProblemBoard _problems = new(NullLogger<ProblemBoard>.Instance);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Systemd_hears_ready_alive_and_stopping(bool isAbstract)
    {
        string name = isAbstract ? $"@overlay-test-{Guid.NewGuid():N}" : _directory["notify"];
        using Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = 5000,
        };
        systemd.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + name[1..] : name));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", name);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "100000");
        try
        {
            using SystemdNotifier notifier = Notifier();
            await notifier.StartedAsync(default);
            Next(systemd).ShouldBe("READY=1\nSTATUS=");
            for (int i = 0; i < 3; i++) Next(systemd).ShouldBe("WATCHDOG=1");
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
        using SystemdNotifier notifier = Notifier();
        await Should.NotThrowAsync(() => notifier.StartedAsync(default));
        await Should.NotThrowAsync(() => notifier.StoppingAsync(default));
    }

    [Fact]
    public async Task A_socket_that_nobody_serves_does_no_harm()
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", _directory["nobody"]);
        try
        {
            using SystemdNotifier notifier = Notifier();
            await Should.NotThrowAsync(() => notifier.StartedAsync(default));
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }
    }

    [Fact]
    public async Task A_start_that_waits_for_others_is_ready_for_systemd_which_hears_what_it_waits_for()
    {
        using Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = 5000,
        };
        string name = _directory["notify"];
        systemd.Bind(new UnixDomainSocketEndPoint(name));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", name);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "100000");
        try
        {
            HastyTimeProvider time = new();
            string? waitingFor = null;
            using SystemdNotifier notifier =
                new(() => waitingFor, new ProcessOutcome(), false, time, _problems.Guard, NullLogger<SystemdNotifier>.Instance);
            await notifier.StartingAsync(default);
            time.Pass();
            systemd.Available.ShouldBe(0, "a start that hangs elsewhere is not ready");
            waitingFor = "Etcd http://192.0.2.9:2379: its settings for this node";
            time.Pass();
            Next(systemd)
                .ShouldBe("READY=1\nSTATUS=waiting for Etcd http://192.0.2.9:2379: its settings for this node");
            Next(systemd).ShouldBe("WATCHDOG=1", "systemd counts from READY");
            await notifier.StartedAsync(default);
            string last;
            do last = Next(systemd);
            while (last == "WATCHDOG=1");
            last.ShouldBe("READY=1\nSTATUS=");
            waitingFor = "Etcd http://192.0.2.9:2379: another answer";
            time.Pass();
            for (int i = 0; i < 3; i++)
                Next(systemd).ShouldBe("WATCHDOG=1", "a node that has started waits for nobody");
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
            Environment.SetEnvironmentVariable("WATCHDOG_USEC", null);
        }
    }

    [Fact]
    public async Task A_daemon_whose_node_another_has_names_that_one_as_the_services_process()
    {
        using Socket systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = 5000,
        };
        systemd.Bind(new UnixDomainSocketEndPoint(_directory["next"]));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", _directory["next"]);
        try
        {
            ProcessOutcome outcome = new();
            using SystemdNotifier before = Notifier(outcome);
            outcome.HandOverTo(4711, _directory);
            await before.StoppingAsync(default);
            Next(systemd).ShouldBe("MAINPID=4711");

            // Until then systemd hears nobody else.
            using SystemdNotifier next = Notifier(isSuccessor: true);
            await next.StartingAsync(default);
            await next.StartedAsync(default);
            Next(systemd).ShouldBe("READY=1\nSTATUS=");
            await next.StoppingAsync(default);
            Next(systemd).ShouldBe("STOPPING=1");
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }
    }

    public void Dispose() => _directory.Dispose();

    private SystemdNotifier Notifier(ProcessOutcome? outcome = null, bool isSuccessor = false) => new(
        static () => null, outcome ?? new ProcessOutcome(), isSuccessor, TimeProvider.System, _problems.Guard,
        NullLogger<SystemdNotifier>.Instance);

    private static string Next(Socket socket)
    {
        byte[] buffer = new byte[200];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    /// <summary>Timers that fire when they are told to.</summary>
    private sealed class HastyTimeProvider : TimeProvider
    {
        private readonly List<HastyTimer> _timers = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            HastyTimer timer = new(() => callback(state));
            _timers.Add(timer);
            return timer;
        }

        public void Pass()
        {
            foreach (HastyTimer timer in _timers.Where(static timer => !timer.IsDisposed)) timer.Fire();
        }

        private sealed class HastyTimer(Action fire) : ITimer
        {
            public bool IsDisposed { get; private set; }

            public void Fire() => fire();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => IsDisposed = true;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
