using System.Diagnostics;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Lab;

/// <summary>Whichever way a lab ends, nothing is left of it.</summary>
public class LabEndTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Disposing_leaves_no_namespace_no_process_and_no_file()
    {
        BackgroundProcess stubborn;
        BackgroundProcess willing;
        string directory;
        string[] namespaces;
        using (LabNetwork lab = LabNetwork.Create())
        {
            directory = lab.Directory;
            IEnumerable<NetworkNamespace> all = [lab.Switch, .. lab.Nodes, .. lab.Pods];
            namespaces = [.. all.Select(one => one.Namespace)];
            namespaces.Length.ShouldBe(5);
            willing = lab["a"].Pods[0].Start("sleep", "300");
            stubborn = lab["b"].Start("sh", "-c", "trap '' TERM; echo trapped; while :; do sleep 300; done");
            stubborn.WaitForLog("trapped");
            namespaces.ShouldBeSubsetOf(Namespaces());
        }

        Namespaces().Intersect(namespaces).ShouldBeEmpty();
        Directory.Exists(directory).ShouldBeFalse();
        Directory.Exists($"/proc/{willing.Pid}").ShouldBeFalse();
        Directory.Exists($"/proc/{stubborn.Pid}").ShouldBeFalse();
    }

    [Fact]
    public void The_next_lab_removes_what_a_crashed_one_left()
    {
        using Process crashing = StartUp("crash");
        string prefix = $"ovl-crash-{crashing.Id}-";
        string[] namespaces = [.. Namespaces().Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        namespaces.Length.ShouldBe(5);
        using Process inside = Process.Start("ip", ["netns", "exec", namespaces[0], "sleep", "300"]);
        LabNetwork.Create().Dispose();
        namespaces.ShouldBeSubsetOf(Namespaces(), "its owner lives");

        Directory.Exists($"/tmp/overlay-lab-crash-{crashing.Id}").ShouldBeTrue();

        // From here on the next lab may be another test's.
        crashing.Kill();
        crashing.WaitForExit(_patience).ShouldBeTrue();
        LabNetwork.Create().Dispose();

        Namespaces().Intersect(namespaces).ShouldBeEmpty();
        inside.WaitForExit(_patience).ShouldBeTrue("it lived in a namespace that is gone");
        Directory.Exists($"/tmp/overlay-lab-crash-{crashing.Id}").ShouldBeFalse();
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_takes_the_lab_down(string signal)
    {
        using Process up = StartUp("signal");
        string prefix = $"ovl-signal-{up.Id}-";
        Namespaces().ShouldContain(name => name.StartsWith(prefix, StringComparison.Ordinal));
        using Process kill = Process.Start("kill", [$"-{signal}", $"{up.Id}"]);
        bool ended = up.WaitForExit(_patience);
        if (!ended)
        {
            up.Kill();
        }

        ended.ShouldBeTrue($"SIG{signal} has to end it");
        Namespaces().ShouldNotContain(name => name.StartsWith(prefix, StringComparison.Ordinal));
        Directory.Exists($"/tmp/overlay-lab-signal-{up.Id}").ShouldBeFalse();
    }

    [Fact]
    public void A_class_whose_constructor_throws_leaves_nothing()
    {
        Should.Throw<InvalidOperationException>(static () => new Unlucky()).Message.ShouldBe("no luck");
        Namespaces().ShouldNotContain(static name =>
            name.StartsWith("ovl-unlucky", StringComparison.Ordinal)
            && name.Contains($"-{Environment.ProcessId}-", StringComparison.Ordinal));
    }

    [Fact]
    public void A_program_that_takes_too_long_is_ended()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Nodes = 1, PodsPerNode = 0 });
        Stopwatch watch = Stopwatch.StartNew();
        Should.Throw<TimeoutException>(() => lab["a"].Run(TimeSpan.FromSeconds(0.3), "sleep", "300"));
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        lab["a"].Run("false").ExitCode.ShouldBe(1);
        lab["a"].Run("sh", "-c", "echo out; echo err >&2; exit 3")
            .ShouldSatisfyAllConditions(
                result => result.ExitCode.ShouldBe(3),
                result => result.Output.ShouldBe("out\n"),
                result => result.Error.ShouldBe("err\n"));
    }

    private static string[] Namespaces() =>
        [.. Directory.EnumerateFiles("/var/run/netns").Select(path => Path.GetFileName(path))];

    private static Process StartUp(string name)
    {
        // A shell starts background jobs with SIGINT ignored, which these tests would otherwise hand down.
        string program = Path.Combine(AppContext.BaseDirectory, "Overlay.Lab.dll");
        ProcessStartInfo start = new("env", ["--default-signal=INT", "dotnet", program, "up", name])
        {
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        process.StandardOutput.ReadLine().ShouldNotBeNull().ShouldStartWith("up: ");
        return process;
    }

    private sealed class Unlucky
    {
        private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "unlucky", PodsPerNode = 0 });

        public Unlucky() => _lab.Guard(() =>
        {
            _lab["a"].Start("sleep", "300");
            throw new InvalidOperationException("no luck");
        });
    }
}
