using System.CommandLine;
using System.Diagnostics;
using Overlay.Cli.Commands;
using Overlay.CommandLine;

namespace Overlay.Cli.Tests;

/// <summary>The command line of overlayctl, as people and shells meet it.</summary>
public sealed class CommandTreeTests
{
    [Theory]
    [InlineData("status")]
    [InlineData("peers -o wide")]
    [InlineData("--json routes")]
    [InlineData("counters --watch --socket /run/x")]
    [InlineData("log-level debug")]
    [InlineData("log-level -o json")]
    [InlineData("version")]
    [InlineData("completion zsh")]
    [InlineData("ping b --count 5 --interval 20")]
    [InlineData("ping --all -o json")]
    [InlineData("trace 10.244.1.2 10.244.2.2 --tcp 80")]
    [InlineData("capture")]
    [InlineData("capture --peer b --pod 10.244.1.2 --drops -c 10 --snap 64 -w -")]
    [InlineData("capture --interface cni0 --pod fd00::1 -w file")]
    [InlineData("capture --outer")]
    public void A_command_line_that_is_right_has_no_fault(string line) => Fault(line).ShouldBeNull();

    [Theory]
    [InlineData("statsu", "'statsu' is not known to overlayctl; did you mean 'status'?")]
    [InlineData("peers --jsn", "'--jsn' is not known to overlayctl peers; did you mean '--json'?")]
    [InlineData("frobnicate", "'frobnicate' is not a command of overlayctl; see: overlayctl --help")]
    [InlineData("status now", "'now' is more than overlayctl status takes; see: overlayctl status --help")]
    [InlineData("status --frob", "'--frob' is not an option of overlayctl status; see: overlayctl status --help")]
    [InlineData("log-level loud",
        "'loud' is none of Verbose, Debug, Information, Warning, Error, Fatal; see: overlayctl log-level --help")]
    [InlineData("trace a b --tcp 65536", "--tcp is a port from 1 to 65535; see: overlayctl trace --help")]
    [InlineData("version --json",
        "version has one form of output: leave out --output and --json; see: overlayctl version --help")]
    [InlineData("-o json ready",
        "ready has one form of output: leave out --output and --json; see: overlayctl ready --help")]
    [InlineData("capture --inner --interface tun",
        "--inner is the daemon's tap, and goes with neither --outer nor --interface; see: overlayctl capture --help")]
    [InlineData("capture --drops --outer",
        "--drops is known to the daemon's tap only: leave out --outer and --interface; see: overlayctl capture --help")]
    [InlineData("capture --snap 10", "--snap is 64 to 65535 bytes; see: overlayctl capture --help")]
    [InlineData("capture --snap abc", "--snap is 64 to 65535 bytes; see: overlayctl capture --help")]
    [InlineData("capture --seconds 601", "--seconds is 1 to 600; see: overlayctl capture --help")]
    [InlineData("capture -c x", "-c is 1 packet or more; see: overlayctl capture --help")]
    [InlineData("capture --outer --interface tun",
        "--outer is --interface underlay: give one of the two; see: overlayctl capture --help")]
    [InlineData("capture --interface",
        "Required argument missing for option: '--interface'; see: overlayctl capture --help")]
    [InlineData("capture -c 0", "-c is 1 packet or more; see: overlayctl capture --help")]
    [InlineData("peers -o yaml", "'yaml' is none of table, wide, json; see: overlayctl peers --help")]
    [InlineData("ping", "ping takes a node's name, a pod's address, or --all; see: overlayctl ping --help")]
    [InlineData("ping b --all", "ping takes a node's name, a pod's address, or --all; see: overlayctl ping --help")]
    [InlineData("completion", "Required argument 'shell' missing for command: 'completion'; see: overlayctl completion --help")]
    public void A_fault_is_one_line_that_says_what_was_meant_or_where_to_look(string line, string fault) =>
        Fault(line).ShouldBe(fault);

    [Theory]
    [InlineData("overlayctl sta", "started", "status")]
    [InlineData("overlayctl peers --output ", "json", "table", "wide")]
    public void A_shell_is_offered_the_words_that_fit(string line, params string[] words) =>
        Lines("bash", "-c", $$"""
            source <({{ProgramPath}} completion bash)
            overlayctl() { {{ProgramPath}} "$@"; }
            COMP_LINE="$1" COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=$2
            _overlayctl
            printf '%s\n' "${COMPREPLY[@]}"
            """, "bash", line, line.EndsWith(' ') ? "3" : "1").ShouldBe(words);

    [Theory]
    [MemberData(nameof(Shells))]
    public void Every_shell_has_a_script_of_its_own(string shell) =>
        ShellCompletion.For(shell, "overlayctl").ShouldContain("overlayctl \"[suggest:");

    public static TheoryData<string> Shells => [.. ShellCompletion.Shells];

    [Fact]
    public void The_manual_page_has_every_command_and_option_and_no_error_of_man()
    {
        string[] page = Lines(ProgramPath, "man");
        RootCommand root = CommandTree.Make();
        foreach (Command command in root.Subcommands.Where(static command => !command.Hidden))
            page.ShouldContain(line => line.StartsWith($"\\fB{command.Name.Replace("-", "\\-")}\\fR"));
        foreach (Option option in root.Options)
            page.ShouldContain(line => line.Contains($"\\fB{option.Name.Replace("-", "\\-")}\\fR"));

        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, page);
            (string output, string error) = Run("groff", "-man", "-ww", "-Tutf8", file);
            error.ShouldBeEmpty();
            output.ShouldContain("looks into the overlayd of this node");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string ProgramPath { get; } = Path.Combine(AppContext.BaseDirectory, "overlayctl");

    private static string? Fault(string line) =>
        Usage.FaultOf(CommandTree.Make().Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), "overlayctl");

    private static string[] Lines(string program, params string[] arguments)
    {
        (string output, string error) = Run(program, arguments);
        error.ShouldBeEmpty();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static (string Output, string Error) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, error.Result);
    }
}
