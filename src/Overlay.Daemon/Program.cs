using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;

// overlayd: read the configuration, put the parts together, run until told to stop.

if (args.Contains("--version"))
{
    Console.WriteLine($"overlayd {BuildVersion.Text}");
    return ExitCode.Success;
}

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine("""
        usage: overlayd [COMMAND] [--config FILE] [--KEY VALUE]...    without a command: the daemon
          --config FILE        default /etc/overlay/overlay.json
          --Network:Vni 7      any key of the file's section Overlay; so does the variable OVERLAY_Network__Vni=7
          --version            prints the version
          install-cni          no daemon: installs the CNI plugin where section CniInstall says
          upgrade-cni          no daemon: puts its CNI plugin in the place of one that a configuration calls
          remove-cni           no daemon: removes it again
          free-addresses       no daemon: frees the addresses of pods that are gone and that nobody has deleted
          uninstall            no daemon: removes all that a stopped daemon and the plugin have left on this node
        """);
    return ExitCode.Success;
}

ProcessOutcome outcome = new();
try
{
    if (CniCommand.Is(args)) return CniCommand.Run(args);

    IConfiguration configuration = ConfigurationLoader.Load(args);
    OverlayOptions options = OverlayOptionsReader.Read(configuration);
    await using WebApplication application = Composition.Build(configuration, options, outcome);
    using PosixSignalRegistration hangup = StopOnHangup(application.Lifetime);
    await application.StartAsync();
    await application.WaitForShutdownAsync();
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
    // Told to stop before the start was done: from outside, or by a part that cannot go on.
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
