using System.CommandLine;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;
using Overlay.CommandLine;

namespace Overlay.Cli.Commands;

/// <summary>The commands and options of overlayctl: parsed by, shown as help, completed and printed as manual page.</summary>
internal static class CommandTree
{
    /// <summary>The program's name.</summary>
    public const string Program = "overlayctl";

    private const int ManualSection = 8;

    private static readonly string[] _levels = ["Verbose", "Debug", "Information", "Warning", "Error", "Fatal"];

    private static readonly Option<string> _socket = new("--socket")
    {
        Description = "the daemon's admin socket, key Admin:Socket of its configuration",
        HelpName = "PATH",
        DefaultValueFactory = static _ => "/run/overlay/overlayd.sock",
        Recursive = true,
    };

    private static readonly Option<string> _output = new Option<string>("--output", "-o")
    {
        Description = "table, wide (all columns and rows) or json (for programs)",
        HelpName = "FORMAT",
        DefaultValueFactory = static _ => "table",
        Recursive = true,
    }.OneOf("table", "wide", "json");

    private static readonly Option<bool> _json =
        new("--json") { Description = "the same as --output json", Recursive = true };

    /// <summary>Makes the tree.</summary>
    public static RootCommand Make()
    {
        RootCommand root = new("overlayctl: looks into the overlayd of this node") { _socket, _output, _json };
        Usage.TrimHelp(root);
        root.Add(Report("status", "this node: what it does, what flows now, and what is wrong, each with what to do",
            StatusCommand.RunAsync));
        root.Add(Report("peers", "the other nodes, by tunnel or direct; a refused one with the reason", Of("peers")));
        root.Add(Report("routes", "the forwarding table: each pod CIDR and where it leads", Of("routes")));
        root.Add(Counters());
        root.Add(Ping());
        root.Add(Report("config", "the configuration in force that is no default, and where each value comes from",
            ConfigCommand.RunAsync));
        root.Add(Trace());
        root.Add(TextOnly(CaptureCommand.Make(ClientOf)));
        root.Add(Report("doctor", "what is wrong with this node and its host, why it matters, and the command that mends "
            + "it", DoctorCommand.RunAsync));
        root.Add(LogLevel());
        root.Add(Report("upgrade", "has the daemon start its program anew, as installed now, which takes this node over "
            + "without losing a packet", UpgradeCommand.RunAsync));
        root.Add(TextOnly(Version()));
        root.Add(Probe("alive", "healthz", "exit code 0 where the daemon runs: for a liveness probe"));
        root.Add(Probe("started", "startedz", "exit code 0 where the daemon is ready, or waits for others: for a "
            + "startup probe"));
        root.Add(Probe("ready", "readyz", "exit code 0 where pods' packets flow: for a readiness probe"));
        root.Add(TextOnly(Completion()));
        root.Add(Manual(root));
        return root;
    }

    private static Func<AdminClient, OutputFormat, CancellationToken, Task<int>> Of(string report) =>
        (client, format, cancellation) => ReportCommand.RunAsync(report, client, format, cancellation);

    private static Command Report(
        string name, string description, Func<AdminClient, OutputFormat, CancellationToken, Task<int>> run)
    {
        Command command = new(name, description);
        command.SetAction((parsed, cancellation) => run(ClientOf(parsed), FormatOf(parsed), cancellation));
        return command;
    }

    private static Command Counters()
    {
        Option<bool> watch = new("--watch", "-w") { Description = "print them every 2 s, until interrupted" };
        Command command = new("counters", "packets passed on by worker, and dropped by reason") { watch };
        command.SetAction((parsed, cancellation) => parsed.GetValue(watch)
            ? ReportCommand.WatchAsync("counters", ClientOf(parsed), FormatOf(parsed), cancellation)
            : ReportCommand.RunAsync("counters", ClientOf(parsed), FormatOf(parsed), cancellation));
        return command;
    }

    private static Command Ping()
    {
        Argument<string?> target = new("target")
        {
            Description = "a node's name or a pod's address",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> all = new("--all") { Description = "every accepted peer, few probes each" };
        Option<int?> count = new("--count", "-c") { Description = "probes on each of 16 paths", HelpName = "N" };
        Option<int?> interval =
            new("--interval", "-i") { Description = "milliseconds from one to the next", HelpName = "MS" };
        Command command = new(
            "ping", "probes through the tunnel: loss by path, round trips, path MTU; exit code 1 when anything is lost")
            { target, all, count, interval };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(target) is not null)
                result.AddError("ping takes a node's name, a pod's address, or --all");
        });
        command.SetAction((parsed, cancellation) => PingCommand.RunAsync(
            parsed.GetValue(target), parsed.GetValue(count), parsed.GetValue(interval), ClientOf(parsed),
            FormatOf(parsed), cancellation));
        return command;
    }

    private static Command Trace()
    {
        Argument<string> source = new("source") { Description = "the address that the packet comes from, a pod's" };
        Argument<string> destination = new("destination") { Description = "the address that it goes to" };
        Option<int?> tcp = new Option<int?>("--tcp") { Description = "the packet is for that TCP port", HelpName = "PORT" }
            .Within(1, ushort.MaxValue, "--tcp is a port from 1 to 65535");
        Command command = new("trace", "what this node would do with a packet and its answer, step by step, and why")
        {
            source, destination, tcp,
        };
        command.SetAction((parsed, cancellation) => TraceCommand.RunAsync(
            parsed.GetValue(source)!, parsed.GetValue(destination)!, parsed.GetValue(tcp), ClientOf(parsed),
            FormatOf(parsed), cancellation));
        return command;
    }

    private static Command LogLevel()
    {
        Argument<string?> level = new Argument<string?>("level")
        {
            Description = $"one of {string.Join(", ", _levels)}; without it the level of now is shown",
            Arity = ArgumentArity.ZeroOrOne,
        }.OneOf(_levels);
        Command command = new("log-level", "how much the daemon logs, until it is started anew") { level };
        command.SetAction((parsed, cancellation) =>
            LogLevelCommand.RunAsync(parsed.GetValue(level), ClientOf(parsed), FormatOf(parsed), cancellation));
        return command;
    }

    private static Command Version()
    {
        Command command = new("version", "the versions of overlayctl and of the daemon");
        command.SetAction(static (parsed, cancellation) => VersionCommand.RunAsync(ClientOf(parsed), cancellation));
        return command;
    }

    private static Command Probe(string name, string path, string description)
    {
        Command command = new(name, description);
        command.SetAction((parsed, cancellation) => ProbeCommand.RunAsync(path, ClientOf(parsed), cancellation));
        return TextOnly(command);
    }

    private static Command Completion()
    {
        Argument<string> shell = new Argument<string>("shell")
        {
            Description = $"one of {string.Join(", ", ShellCompletion.Shells)}",
        }.OneOf([.. ShellCompletion.Shells]);
        Command command = new("completion", "a script by which that shell completes commands of overlayctl; example: "
            + "overlayctl completion bash > /etc/bash_completion.d/overlayctl") { shell };
        command.SetAction(parsed => Console.Write(ShellCompletion.For(parsed.GetValue(shell)!, Program)));
        return command;
    }

    private static Command Manual(RootCommand root)
    {
        Command command = new("man", "the manual page, for man -l") { Hidden = true };
        command.SetAction(_ => Console.Write(new ManualPage(Program, ManualSection, VersionCommand.Own, root).Format(
            ("EXIT STATUS",
            [
                "0 when done, or when the answer is good; 1 when the answer is not good; 2 when the command line is not "
                    + "understood; 3 when no daemon could be asked; 4 when doctor has warnings and no problem.",
            ]),
            ("ENVIRONMENT", ["NO_COLOR: no colours, also on a terminal."]),
            ("SEE ALSO", ["overlayd(8)"]))));
        return command;
    }

    // A script that asks for JSON is told that there is none, and not given text.
    private static Command TextOnly(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(_json) is { Implicit: false } || result.GetResult(_output) is { Implicit: false })
                result.AddError($"{command.Name} has one form of output: leave out --output and --json");
        });
        return command;
    }

    private static AdminClient ClientOf(ParseResult parsed) => new(parsed.GetValue(_socket)!);

    private static OutputFormat FormatOf(ParseResult parsed) =>
        parsed.GetValue(_json)
            ? OutputFormat.Json
            : Enum.Parse<OutputFormat>(parsed.GetValue(_output)!, ignoreCase: true);
}
