using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Options;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Report;
using Overlay.Bench.Rig.Workloads;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig;

/// <summary>
/// Measures every combination: run by run, in each run column by column, in each column peer by peer.
/// </summary>
internal sealed class RigRun(RigOptions options, LabNetwork lab, IReadOnlyList<IPeer> peers)
{
    private static readonly TimeSpan _warmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _setUpLimit = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<IWorkload> _workloads = [.. options.Workloads.Select(WorkloadCatalog.Create)];

    private readonly Pod _from = lab.Nodes[0].Pods[0];
    private readonly Pod _to = lab.Nodes[1].Pods[0];

    public ResultSet Results { get; } = new(options);

    /// <summary>Measurements that could not be made.</summary>
    public int Failures { get; private set; }

    public void Measure()
    {
        foreach (Pod pod in lab.Pods)
        {
            // A connection hands what it learned of the path to the next one, which may go by another peer.
            pod.Set("net/ipv4/tcp_no_metrics_save", "1");
        }

        for (int run = 1; run <= options.Runs; run++)
        {
            foreach (string column in options.Columns)
            {
                lab.Nodes[0].Link.SetWireLike(column == RigOptions.WireLike);

                // Another one begins each run: none is always the one after a pause.
                for (int i = 0; i < peers.Count; i++) Measure(run, column, peers[(run - 1 + i) % peers.Count]);
            }
        }
    }

    private void Measure(int run, string column, IPeer peer)
    {
        Interruption.Token.ThrowIfCancellationRequested();
        string who = $"run {run}, {column}, {peer.Name}";
        if (Attempt($"{who}, set-up", () => SetUp(peer)))
        {
            foreach (IWorkload workload in _workloads)
            {
                string what = $"{who}, {workload.Name}";
                Attempt(what, () => Measure(run, column, peer, workload, what));
            }
        }

        Attempt($"{who}, tear-down", () => peer.TearDown(lab));
        RequireApart(who);
    }

    private void SetUp(IPeer peer)
    {
        peer.SetUp(lab);
        _from.WaitForPing(_to.AddressV4!, _setUpLimit);

        // Code compiled at first use, buffers that grow with their use: a daemon runs for months, so this is not
        // counted.
        WorkloadCatalog.Create("tcp-1").Measure(peer, _from, _to, _warmUp);
    }

    // With a peer still half there, the next one's figures would be wrong.
    private void RequireApart(string who)
    {
        if (_from.Ping(_to.AddressV4!, 1).Succeeded)
        {
            throw new LabException($"{who}: the pods reach each other after its tear-down");
        }
    }

    private void Measure(int run, string column, IPeer peer, IWorkload workload, string what)
    {
        foreach (Measurement measured in workload.Measure(peer, _from, _to, TimeSpan.FromSeconds(options.Seconds)))
        {
            Results.Add(run, column, peer.Name, measured);
            string note = measured.Note.Length > 0 ? $"  ({measured.Note})" : "";
            Console.WriteLine(
                $"{what,-48} {Quantity.Text(measured.Value),9} {measured.Metric.Unit}  "
                    + $"CPU {Quantity.Text(measured.Cpu)} {measured.Metric.CpuUnit}{note}");
        }
    }

    // One that fails leaves a gap in the results, which are worth having all the same.
    private bool Attempt(string what, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception exception) when (
            exception is LabException or TimeoutException or IOException && !Interruption.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine($"{what}: failed: {exception.Message}");
            Failures++;
            return false;
        }
    }
}
