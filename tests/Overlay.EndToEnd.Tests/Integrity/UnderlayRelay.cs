using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// In place of the switch between two nodes: carries each frame from one's cable to the other's, does to it what an
/// underlay may do, and notes what that was.
/// </summary>
/// <remarks>
/// The links segment and finish checksums before the relay, as network cards do before a wire: a frame here is one
/// packet. Receive offload behind it is the links' own.
/// </remarks>
internal sealed class UnderlayRelay : IDisposable
{
    private readonly PacketPort[] _ports;

    /// <param name="lab">With two nodes.</param>
    public UnderlayRelay(LabNetwork lab)
    {
        string[] ports = [.. lab.Nodes.Select(static node => node.SwitchPort)];
        lab.Switch.Ip(ports.Select(static port => $"link set {port} nomaster"));
        _ports = [.. ports.Select(port => new PacketPort(lab.Switch, port))];
        Ways =
        [
            new RelayWay(_ports[0], _ports[1], lab.Options.Port), new RelayWay(_ports[1], _ports[0], lab.Options.Port),
        ];
    }

    /// <summary>From the first node to the second, and back.</summary>
    public IReadOnlyList<RelayWay> Ways { get; }

    public void Impair(Impairment impairment)
    {
        foreach (RelayWay way in Ways) way.Impair(impairment);
    }

    /// <summary>What has passed each way since it was last taken.</summary>
    public IReadOnlyList<RelayedTraffic> Take() => [.. Ways.Select(static way => way.Log.Take())];

    /// <inheritdoc cref="RelayWay.ThrowIfFailed"/>
    public void ThrowIfFailed()
    {
        foreach (RelayWay way in Ways) way.ThrowIfFailed();
    }

    public void Dispose()
    {
        foreach (RelayWay way in Ways) way.Dispose();
        foreach (PacketPort port in _ports) port.Dispose();
    }
}
