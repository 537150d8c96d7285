using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Overlay.Daemon.Flannel;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

// overlayd: read the configuration, put the parts together, run until told to stop.

bool isInstallConf = FlannelStart.IsInstallConf;
if (!isInstallConf && DaemonCommands.TryAnswer(args)) return ExitCode.Success;
string[]? flannel = FlannelStart.Find(args);
ProcessOutcome outcome = new();
try
{
    ProcessStart start = ProcessStart.Read(flannel is null ? args : [FlannelStart.Command, .. flannel]);
    if (isInstallConf)
    {
        FlannelInstallConf.Run(args);
        return ExitCode.Success;
    }

    if (flannel is null && DaemonCommands.Find(args) is { } command) return RootCommands.Run(command, args[1..]);

    IReadOnlyList<string> notes = [];
    IConfiguration configuration =
        flannel is null ? ConfigurationLoader.Load(args) : FlannelStart.Load(flannel, out notes);
    OverlayOptions options = OverlayOptionsReader.Read(configuration);
    if (flannel is not null) FlannelStart.MakeTun();

    // A container's process stays until it is told to stop, also where its node is another one's by then.
    using SignalToStop? signal = options.HandOver == HandOver.Wait ? new SignalToStop() : null;
    using Predecessor? predecessor = Predecessor.Find(options);
    await using (WebApplication application = Composition.Build(configuration, options, start, outcome, predecessor))
    {
        using CancellationTokenRegistration? stopping = signal?.Sent.Register(application.Lifetime.StopApplication);
        foreach (string note in notes) application.Logger.FlagNotHonoured(note);
        using PosixSignalRegistration hangup = StopOnHangup(application.Lifetime);
        await application.StartAsync();
        await application.WaitForShutdownAsync();
    }

    outcome.Leave();
    if (outcome.IsHandedOver && signal is not null)
    {
        // Where the other process goes first, the runtime sees a failure and starts this one anew.
        await SuccessorWatch.NobodyAsync(options.AdminSocket, signal.Sent);
        return ExitCode.Failure;
    }

    return outcome.ExitCode;
}
catch (ConfigurationException exception)
{
    foreach (string fault in exception.Faults)
        await Console.Error.WriteLineAsync($"overlayd: bad configuration: {fault}");
    return ExitCode.Configuration;
}
catch (OperationCanceledException)
{
    // Told to stop before the start was done, from outside or by a part that cannot go on, or after a hand-over.
    return outcome.ExitCode;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
{
    // Anything else that stops the start is a defect and ends with its stack trace, non-zero too.
    await Console.Error.WriteLineAsync($"overlayd: {exception.Message}{StartHint.For(exception)}");
    return ExitCode.Failure;
}

// The host minds SIGTERM and Ctrl-C. A terminal that is closed sends SIGHUP, and leaves as much to take down.
static PosixSignalRegistration StopOnHangup(IHostApplicationLifetime lifetime) =>
    PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        lifetime.StopApplication();
    });
