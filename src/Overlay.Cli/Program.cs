using System.CommandLine;
using System.Reflection;
using Overlay.Cli;

// overlayctl: asks the daemon of this node over its admin socket, and prints the answer.

if (args.Contains("--version"))
{
    Console.WriteLine(
        "overlayctl "
        + $"{typeof(ReportCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
    return 0;
}

Option<string> socket = new("--socket")
{
    Description = "the daemon's admin socket",
    DefaultValueFactory = _ => "/run/overlay/overlayd.sock",
    Recursive = true,
};
Option<bool> json = new("--json") { Description = "print JSON, for programs", Recursive = true };

RootCommand root = new("overlayctl: looks into the overlayd of this node") { socket, json };
Add("status", "this node: device, underlay, control plane");
Add("peers", "the other nodes, and why a refused one is refused");
Add("routes", "the forwarding table: each pod CIDR and where it leads");
Add("counters", "packets passed on and dropped, by worker and by reason");
AddProbe("alive", "healthz", "exit code 0 where the daemon runs: for a liveness probe");
AddProbe("started", "startedz", "exit code 0 where the daemon is ready, or waits for others: for a startup probe");
AddProbe("ready", "readyz", "exit code 0 where pods' packets flow: for a readiness probe");
return await root.Parse(args).InvokeAsync();

void Add(string name, string description)
{
    Command command = new(name, description);
    command.SetAction(async (parsed, cancellation) =>
        await ReportCommand.RunAsync(name, parsed.GetValue(socket)!, parsed.GetValue(json), cancellation));
    root.Add(command);
}

void AddProbe(string name, string path, string description)
{
    Command command = new(name, description);
    command.SetAction(async (parsed, cancellation) =>
        await ProbeCommand.RunAsync(path, parsed.GetValue(socket)!, cancellation));
    root.Add(command);
}
