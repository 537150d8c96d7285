using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Checks;

/// <summary>
/// All that a host can have wrong for this network, looked at once: before the daemon runs, or beside it. Nothing is
/// changed.
/// </summary>
internal static class HostChecks
{
    /// <summary>Runs every check; one that cannot look says so.</summary>
    /// <param name="options">The configuration, with what the store gave where that is known.</param>
    /// <param name="isRunning">The daemon of this configuration runs, and has port and device.</param>
    public static IReadOnlyList<CheckResult> Run(OverlayOptions options, bool isRunning)
    {
        List<CheckResult> results = [];
        UnderlayInterface? underlay = null;
        Try("kernel", () => KernelChecks.Devices());
        Try("tools", KernelChecks.Tools);
        Try("underlay", () => UnderlayChecks.Look(options, out underlay));
        if (underlay is not null)
        {
            Try("mtu", () => UnderlayChecks.Mtu(options, underlay));
            if (!isRunning && !NeighbourChecks.IsTakenOver(options))
                Try("port", () => UnderlayChecks.Port(options, underlay));
            Try("reverse path filter", () => UnderlayChecks.ReversePath(underlay));
        }

        if (!isRunning) Try("flannel", () => NeighbourChecks.Flannel(options));
        if (!isRunning) Try("forwarding", () => KernelChecks.Forwards(options));
        Try("address plan", () => NeighbourChecks.AddressPlan(options));
        Try("packet filter", () => FirewallChecks.Chains(options));
        Try("tunnels' rules", () => FirewallChecks.Tunnels(options));
        Try("services", () => FirewallChecks.Services(options));
        Try("connection tracking", KernelChecks.Connections);
        Try("container runtime", () => NeighbourChecks.Runtime(options));
        Try("state directory", () => KernelChecks.State(options));
        return results;

        void Try(string check, Func<IEnumerable<CheckResult>> look)
        {
            try
            {
                results.AddRange(look());
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                results.Add(CheckResult.Warning(check, $"cannot be looked at: {exception.Message}"));
            }
        }
    }
}
