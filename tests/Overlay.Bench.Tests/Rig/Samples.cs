using Overlay.Bench.Rig;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Options;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Report;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Tests.Rig;

/// <summary>Results as two runs of two peers would make them.</summary>
internal static class Samples
{
    public static readonly Metric Bulk = new("tcp-1", "Gbit/s", "s/GB");
    public static readonly Metric RoundTrip = new("tcp-rr", "us p50", "us/round trip", LowerIsBetter: true);

    public static ResultSet Results(params string[] peers)
    {
        ResultSet results = new(new RigOptions { Peers = peers, Workloads = WorkloadCatalog.Traffic });
        for (int run = 1; run <= 3; run++)
        {
            foreach (string column in RigOptions.AllColumns)
            {
                foreach (string peer in peers)
                {
                    double value = run * (peer == PeerCatalog.Reference ? 10 : 8);
                    results.Add(run, column, peer, new Measurement(Bulk, value, 2 * value));
                    results.Add(run, column, peer, new Measurement(RoundTrip, value, value));
                }
            }
        }

        return results;
    }
}
