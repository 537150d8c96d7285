using System.Diagnostics;
using System.Globalization;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Machine;
using Overlay.Bench.Rig.Peers;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>Bulk TCP by iperf 2, whose threads block: iperf3 spins in select and takes a core from the peers.</summary>
internal sealed class BulkTcp(string name, int streams) : IWorkload
{
    private const int Port = 5001;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly Metric _metric = new(name, "Gbit/s", "s/GB");

    public string Name => name;

    public IReadOnlyList<Measurement> Measure(IPeer peer, Pod from, Pod to, TimeSpan duration)
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        BackgroundProcess server = to.Start("iperf", "-s", "-p", port, "-y", "C");
        try
        {
            to.WaitForListener(Port);
            CpuTime start = CpuTime.Now();
            CommandResult client = from.Run(
                duration + _patience, "iperf", "-c", $"{to.AddressV4}", "-p", port, "-Z", "cubic", "-y", "C",
                "-P", $"{streams}", "-t", $"{duration.TotalSeconds:0}").EnsureSuccess();
            if (client.Error.Contains("congestion control failed", StringComparison.Ordinal))
            {
                throw new LabException($"no congestion control cubic (module tcp_cubic): {client.Error.Trim()}");
            }

            IperfReport report = WaitForReport(server);
            double cpu = (CpuTime.Now() - start).Busy;
            return [new Measurement(_metric, report.BitsPerSecond / 1e9, cpu / (report.Bytes / 1e9))];
        }
        finally
        {
            server.Stop();
        }
    }

    // The receiver's report: what the sender calls sent may still lie in its buffers.
    private IperfReport WaitForReport(BackgroundProcess server)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < _patience)
        {
            if (IperfReport.Parse(server.Log, streams) is IperfReport report) return report;
            Thread.Sleep(10);
        }

        throw new LabException($"iperf received no {streams} streams to their end:\n{server.Log}");
    }
}
