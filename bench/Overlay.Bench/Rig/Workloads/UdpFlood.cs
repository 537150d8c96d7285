using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Traffic;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>
/// Datagrams as fast as a pod can send them; what counts is how many an application in the other pod reads.
/// </summary>
internal sealed class UdpFlood(string name, int payload) : IWorkload
{
    private const int Port = 5002;

    private static readonly TimeSpan _warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly Metric _metric = new(name, "packets/s", "us/packet");

    public string Name => name;

    public IReadOnlyList<Measurement> Measure(IPeer peer, Pod from, Pod to, TimeSpan duration)
    {
        using TrafficProcess sink = TrafficProcess.Start(
            to, SinkProgram.Name, to.AddressV4!, Port, payload, _warmUp.TotalSeconds, duration.TotalSeconds);
        sink.WaitReady();

        // A little longer than the sink counts, so that its window never sees the end of the flood.
        using TrafficProcess flood = TrafficProcess.Start(
            from, FloodProgram.Name, to.AddressV4!, Port, payload, (_warmUp + duration).TotalSeconds + 1);
        SinkReport received = sink.WaitForReport<SinkReport>(_warmUp + duration + _patience);
        FloodReport sent = flood.WaitForReport<FloodReport>(_patience);
        if (received.OtherLength > 0)
        {
            throw new LabException(
                $"{received.OtherLength} of {received.OtherLength + received.Datagrams} datagrams have another length "
                + "than sent");
        }

        if (received.Datagrams == 0) throw new LabException("not one datagram arrived while they were counted");
        return
        [
            new Measurement(
                _metric,
                received.Datagrams / received.Seconds,
                received.CpuSeconds * 1e6 / received.Datagrams,
                $"{sent.Datagrams / sent.Seconds / 1000:0}k/s sent"),
        ];
    }
}
