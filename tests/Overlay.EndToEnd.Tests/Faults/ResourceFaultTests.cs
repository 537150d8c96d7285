using System.Globalization;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A host that has too little: of processor, descriptors, memory, or of the right time.</summary>
[Collection(FaultScenes.Name)]
public class ResourceFaultTests(FaultScene scene)
{
    // USER_HZ, which proc(5) counts in.
    private const int TicksPerSecond = 100;

    private static readonly TimeSpan _long = TimeSpan.FromSeconds(LongRun.Is ? 20 : 2);

    [Fact]
    public void A_daemon_that_stands_still_goes_on_where_it_was()
    {
        FaultFigures figures = scene.During(() =>
        {
            Signal("STOP");
            Thread.Sleep(_long);
            Signal("CONT");
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [Fact]
    public void A_daemon_that_gets_a_twentieth_of_a_processor_catches_up_afterwards()
    {
        using ControlGroup group = new("cpu");
        group.Add(scene.Daemon);
        group.LimitProcessor(0.05);
        FaultFigures figures = scene.During(() => Thread.Sleep(_long));
        figures.ShouldBeInOrder();
        figures.Flows.ShouldAllBe(static flow => flow.Lost < flow.Sent, $"some of each flow arrives: {figures}");
        group.LimitProcessor(2);
        scene.ShouldRecover();
    }

    /// <summary>
    /// The runtime itself may fail for want of a descriptor, as where it loads code: the daemon is started again then.
    /// </summary>
    [Fact]
    public void A_process_without_a_free_descriptor_does_not_spin_and_mends_what_waited_for_one()
    {
        FaultFigures figures = scene.During(() =>
        {
            Require("prlimit", "--pid", Pid, "--nofile=16:");
            long? before = ProcessorTicks();
            Thread.Sleep(_long);
            AdminSocket.TryGet(scene.A.Socket, "v1/status").ShouldBeNull("else there is a descriptor left");

            // The client above has waited for two seconds, and nobody tries all the while to let it in.
            if (ProcessorTicks() - before is { } ticks) ticks.ShouldBeLessThan(2 * TicksPerSecond);

            // Repairs by a program have to wait as well.
            scene.A.Run("nft", "delete", "table", "ip", "overlay-1").EnsureSuccess();
            Thread.Sleep(_long);
            _ = Command.Run(Command.DefaultLimit, "prlimit", ["--pid", Pid, "--nofile=1024:"]);
            if (scene.Daemon.HasExited) scene.StartDaemon();
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
        Waiting.For(() => scene.A.Run("nft", "list", "table", "ip", "overlay-1").Succeeded);
    }

    [Fact]
    public void A_daemon_that_the_kernel_ends_for_want_of_memory_is_a_crash_like_any_other()
    {
        using ControlGroup group = new("memory");
        group.LimitMemory(200_000_000);
        FaultFigures figures = scene.During(() =>
        {
            // The kernel has to choose the daemon of all in the group.
            File.WriteAllText($"/proc/{Pid}/oom_score_adj", "1000");
            group.Add(scene.Daemon);
            Command.Run(Command.DefaultLimit, "sh",
                ["-c", $"echo $$ >{group.Path}/cgroup.procs && head -c 500m /dev/zero | tail -c 500m >/dev/null"])
                .Succeeded.ShouldBeFalse("more than the group may have");
            scene.Daemon.WaitForExit(TimeSpan.FromSeconds(10)).ShouldBeTrue();
            scene.Daemon.ExitCode.ShouldBe(137);
            scene.StartDaemon();
        });
        figures.ShouldBeInOrder();
        scene.ShouldRecover();
    }

    [LongFact]
    public void A_full_table_of_connections_is_named_and_those_that_are_open_go_on()
    {
        string file = Path.Combine(scene.A.Directory, "connections");
        File.WriteAllLines(file, Connections(int.Parse(
            scene.A.Get("net/netfilter/nf_conntrack_max"), CultureInfo.InvariantCulture)));
        _ = scene.A.Run("conntrack", "-R", file);
        File.Delete(file);

        // A change of the rules has them looked at.
        scene.A.Run("nft", "add", "table", "ip", "somebody").EnsureSuccess();
        scene.WaitForText("warnings", "connections are tracked: the kernel drops what is new");
        scene.ShouldCarryOpenConnections();
        scene.A.Run("conntrack", "-F").EnsureSuccess();
        Waiting.For(() => Cluster.Texts(scene.A, "warnings").Length == 0, 20);
        scene.ShouldRecover();
    }

    // As `conntrack -L -o save` prints them.
    private static IEnumerable<string> Connections(int count)
    {
        for (int i = 0; i < count; i++)
        {
            (string from, int port) = ($"198.18.{(i >> 8) & 255}.{i & 255}", 1024 + (i >> 16));
            yield return $"-A -t 3600 -u SEEN_REPLY,ASSURED -s {from} -d 192.0.2.1 -r 192.0.2.1 -q {from} -p tcp "
                + $"--sport {port} --dport 80 --reply-port-src 80 --reply-port-dst {port} --state ESTABLISHED";
        }
    }

    // User's and system's, of all threads: the fields behind the program's name in brackets (proc(5)). Null once it has ended.
    private long? ProcessorTicks()
    {
        if (scene.Daemon.HasExited) return null;
        string stat = File.ReadAllText($"/proc/{Pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private void Signal(string name) => Require("kill", $"-{name}", Pid);

    private string Pid => scene.Daemon.Pid.ToString(CultureInfo.InvariantCulture);

    private static void Require(string program, params string[] arguments) => Command.Require(program, arguments);
}
