using System.CommandLine;
using Overlay.Cli.Admin;
using Overlay.Cli.Captures;
using Overlay.CommandLine;

namespace Overlay.Cli.Commands;

/// <summary>Shows packets, or writes them for Wireshark: by the daemon's tap, or on an interface of the host.</summary>
internal static class CaptureCommand
{
    private static readonly Option<string?> _peer = new("--peer")
    {
        Description = "only packets to or from that peer: its name or an underlay address",
        HelpName = "NODE",
    };

    private static readonly Option<string?> _pod = new("--pod")
    {
        Description = "only packets to or from that pod's address",
        HelpName = "IP",
    };

    private static readonly Option<bool> _inner =
        new("--inner") { Description = "pods' packets, by the daemon's tap; the default" };

    private static readonly Option<bool> _outer =
        new("--outer") { Description = "the tunnels' packets, the same as --interface underlay" };

    private static readonly Option<bool> _drops =
        new("--drops") { Description = "only packets that the daemon drops, each with its reason" };

    private static readonly Option<string?> _interface = new("--interface")
    {
        Description = "capture on the host by libpcap: underlay, tun, or an interface such as cni0",
        HelpName = "NAME",
    };

    private static readonly Option<long?> _count =
        new Option<long?>("--count", "-c") { Description = "end after that many packets", HelpName = "N" }
        .Within(1, long.MaxValue, "-c is 1 packet or more");

    private static readonly Option<int?> _seconds = new Option<int?>("--seconds")
    {
        Description = "end after that time; the daemon's tap ends after 600",
        HelpName = "N",
    }.Within(1, 600, "--seconds is 1 to 600");

    private static readonly Option<int?> _snap = new Option<int?>("--snap")
    {
        Description = "bytes of each packet, 64 to 65535; 256 without it",
        HelpName = "BYTES",
    }.Within(64, 65_535, "--snap is 64 to 65535 bytes");

    private static readonly Option<string?> _file = new("--write", "-w")
    {
        Description = "write pcapng, which Wireshark reads, into that file; - for a pipe",
        HelpName = "FILE",
    };

    /// <summary>Makes the command.</summary>
    /// <param name="clientOf">The daemon that a command line names.</param>
    public static Command Make(Func<ParseResult, AdminClient> clientOf)
    {
        _interface.CompletionSources.Add(CaptureOptions.Underlay, CaptureOptions.Tun, "cni0");
        Command command = new("capture", "packets as they pass, with verdict, drop reason and peer, until interrupted")
        {
            _peer, _pod, _inner, _outer, _drops, _interface, _count, _seconds, _snap, _file,
        };
        command.Validators.Add(static result =>
        {
            // The options' presence, and not their values: those may be none, which is found later.
            (bool isOuter, bool hasName) = (IsGiven(_outer), IsGiven(_interface));
            if (IsGiven(_inner) && (isOuter || hasName))
                result.AddError("--inner is the daemon's tap, and goes with neither --outer nor --interface");
            else if (isOuter && hasName) result.AddError("--outer is --interface underlay: give one of the two");
            else if (IsGiven(_drops) && (isOuter || hasName))
                result.AddError("--drops is known to the daemon's tap only: leave out --outer and --interface");

            bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
        });
        command.SetAction((parsed, cancellation) => RunAsync(Options(parsed), clientOf(parsed), cancellation));
        return command;
    }

    private static CaptureOptions Options(ParseResult parsed) => new(
        parsed.GetValue(_peer), parsed.GetValue(_pod), parsed.GetValue(_drops),
        parsed.GetValue(_outer) ? CaptureOptions.Underlay : parsed.GetValue(_interface), parsed.GetValue(_count),
        parsed.GetValue(_seconds), parsed.GetValue(_snap) ?? CaptureOptions.DefaultSnap, parsed.GetValue(_file));

    private static async Task<int> RunAsync(CaptureOptions options, AdminClient client, CancellationToken cancellation)
    {
        if (options.Pod is { } pod && !System.Net.IPAddress.TryParse(pod, out _))
            throw new CliException($"'{pod}' is no IP address; example: --pod 10.244.1.2", ExitCode.Usage);
        HostInterface? host = options.Interface is { } name
            ? await HostInterface.FindAsync(name, client, cancellation)
            : null;
        using CaptureOutput output = new(options.File);
        try
        {
            // libpcap waits in a system call: a thread of its own leaves this one to the user's interruption.
            if (host is not null)
                await Task.Run(() => new HostCapture(options, host, output).Run(cancellation), CancellationToken.None);
            else await TapCapture.RunAsync(options, client, output, cancellation);
        }
        finally
        {
            if (output.IsOpen) output.Summarize();
        }

        return ExitCode.Success;
    }
}
