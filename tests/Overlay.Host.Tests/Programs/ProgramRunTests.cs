using System.Diagnostics;
using Overlay.Host.Programs;
using Overlay.Testing;

namespace Overlay.Host.Tests.Programs;

public sealed class ProgramRunTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_program_is_fed_and_heard_to_its_end()
    {
        string input = new('x', 1024 * 1024);
        ProgramRun run = Run("cat; echo said >&2; exit 3", input);
        (run.ExitCode, run.Output.Length, run.Error).ShouldBe((3, input.Length, "said\n"));
    }

    [Fact]
    public void A_program_that_reads_nothing_is_no_fault() =>
        Run("echo done", new('x', 1024 * 1024)).Output.ShouldBe("done\n");

    [Fact]
    public void Words_without_end_are_cut_and_do_not_stop_the_program()
    {
        ProgramRun run = Run("head -c 1000000 /dev/zero | tr '\\0' y >&2; echo done");
        run.Output.ShouldBe("done\n");
        run.Error.Length.ShouldBe(64 * 1024);
    }

    [Fact]
    public async Task A_program_that_is_being_written_is_waited_for()
    {
        using TempDirectory directory = new();
        string program = directory["program"];
        ShellScript.Write(program, "#!/bin/sh\necho done\n");
        FileStream writer = new(program, FileMode.Open, FileAccess.Write);
        Should.Throw<FileNotFoundException>(() => ProgramRun.Of(new(program), "", _limit)).Message
            .ShouldStartWith($"{program} cannot be run: ");
        Task<ProgramRun> run = Task.Run(() => ProgramRun.Of(new(program), "", _limit));
        await Task.Delay(200);
        await writer.DisposeAsync();
        (await run).Output.ShouldBe("done\n");
    }

    [Fact]
    public void Output_has_a_bound()
    {
        ProgramRun.Of(new("sh", ["-c", "head -c 4096 /dev/zero"]), "", _limit, 4096).Output.Length.ShouldBe(4096);
        Should.Throw<IOException>(() => ProgramRun.Of(new("sh", ["-c", "head -c 4097 /dev/zero"]), "", _limit, 4096))
            .Message.ShouldBe("sh writes more than 4096 characters");
        ProgramRun.LongestOutput.ShouldBe(64 * 1024 * 1024);
    }

    [Theory]
    [InlineData("sleep 1000")]
    [InlineData("sleep 2 & exit 0")]
    [InlineData("while :; do echo y; done")]
    public void A_program_that_does_not_end_is_ended(string script)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Should.Throw<IOException>(() => Run(script, limit: TimeSpan.FromMilliseconds(300)))
            .Message.ShouldStartWith("sh does not end within 0.3 s");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_program_that_is_not_there_is_named() =>
        Should.Throw<FileNotFoundException>(() => ProgramRun.Of(new("/no/such"), "", _limit))
            .Message.ShouldStartWith("/no/such cannot be run: ");

    private static ProgramRun Run(string script, string input = "", TimeSpan? limit = null) =>
        ProgramRun.Of(new("sh", ["-c", script]), input, limit ?? _limit);
}
