using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Forwarding between this host's interfaces, which pods' packets need: switched on at the start where the daemon may.
/// Forwarding stays on at a stop, as behind kubelet and behind the CNI plugin.
/// </summary>
/// <remarks>
/// A node whose forwarding is off and that counts as not ready gets no pod, and so no plugin that would switch it on:
/// where a plugin will, the fault is a warning.
/// </remarks>
internal sealed class HostForwarding
{
    private const string Key = "forwarding";

    private readonly IpFamily[] _needed;
    private readonly bool _hasPlugin;
    private readonly ProblemBoard _problems;
    private readonly ILogger _logger;

    public HostForwarding(OverlayOptions options, ProblemBoard problems, ILogger logger)
    {
        _needed = [.. options.PodCidrs.Select(static podCidr => podCidr.Family)];
        _hasPlugin = options.ControlPlane.Kind == ControlPlaneKind.Kubernetes || options.CniInstall.Enabled
            || File.Exists(Path.Combine(options.CniInstall.BinDirectory, "overlay"));
        (_problems, _logger) = (problems, logger);
    }

    private IEnumerable<IpFamily> Off => _needed.Where(static family => !Forwarding.IsOn(family));

    /// <summary>Switches on what is off, where that is allowed.</summary>
    public void Allow(RouteNetlink netlink)
    {
        foreach (IpFamily family in Off.ToArray())
        {
            try
            {
                Forwarding.SwitchOn(netlink, family);
                _logger.SysctlSet(Forwarding.KeyOf(family), "1");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _logger.ForwardingStaysOff(Forwarding.KeyOf(family), exception.Message);
            }
        }
    }

    /// <summary>Reports what is off, with what to do.</summary>
    public void Report() => _problems.Report(
        Key, _hasPlugin ? ProblemSeverity.Warning : ProblemSeverity.Problem, Off.Select(Describe));

    /// <summary>Takes the report back.</summary>
    public void Withdraw() => _problems.Report(Key, ProblemSeverity.Warning);

    private string Describe(IpFamily family)
    {
        string name = Forwarding.KeyOf(family).Replace('/', '.');
        string until = _hasPlugin ? " until the CNI plugin sets it, with the first pod of this node" : "";
        return $"{name} is 0: {family} pods reach no other node{until}; sysctl -w {name}=1, and in /etc/sysctl.d";
    }
}
