using System.Diagnostics.Metrics;
using System.Globalization;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Pods.Allocations;
using Overlay.Pods.Operations;
using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Metrics of the CNI plugin, which is a process of its own: its calls, by the journal that it keeps, and the addresses
/// that it has given, by the files that host-local and it keep.
/// </summary>
/// <remarks>Files that are not this process's to read give no figures.</remarks>
internal sealed class CniMetrics : IMetricSource, IDisposable
{
    // Those of the CNI specification, and the plugin's own codes from 100 on, with room for more.
    private const int MostCommands = 6;
    private const int MostCodes = 32;

    // Where nobody scrapes: a journal that is full twice over in between loses calls.
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(15);

    // An exporter asks for each instrument by itself, and the files are as many as the pods.
    private static readonly TimeSpan _age = TimeSpan.FromSeconds(1);

    private readonly DaemonMeter _meter;
    private readonly NodeStatus _node;
    private readonly OperationReader _reader;
    private readonly TimeProvider _time;
    private readonly string? _allocations;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Command, uint Code), long> _calls = [];
    private (long Time, List<(string Family, double Allocated, double Free)> Families)? _addresses;

    public CniMetrics(DaemonMeter meter, NodeStatus node, OverlayOptions options, TimeProvider time)
        : this(meter, node, options, time, null)
    {
    }

    /// <param name="meter">Gets the instruments.</param>
    /// <param name="node">Knows the pod CIDRs.</param>
    /// <param name="options">Where the plugin keeps its journal.</param>
    /// <param name="time">Clock of the looks at it.</param>
    /// <param name="allocations">The directory of all networks' addresses; null for host-local's.</param>
    internal CniMetrics(
        DaemonMeter meter, NodeStatus node, OverlayOptions options, TimeProvider time, string? allocations)
    {
        (_meter, _node, _time, _allocations) = (meter, node, time, allocations);
        _reader = new OperationReader(new OperationJournal(options.CniInstall.StateDirectory));
        _ = meter.Meter.CreateObservableCounter(
            "overlay_cni_operations", Operations, null,
            "Calls of the CNI plugin by container runtimes, by the code of the error that they got, 0 for none.");
        _ = meter.Meter.CreateObservableGauge(
            "overlay_ipam_allocated", () => Addresses().Select(static of => Of(of.Family, of.Allocated)), null,
            "Addresses of this node's pod CIDR that pods have.");
        _ = meter.Meter.CreateObservableGauge(
            "overlay_ipam_free", () => Addresses().Select(static of => Of(of.Family, of.Free)), null,
            "Addresses of this node's pod CIDR that are left for pods.");
        _timer = time.CreateTimer(_ => Take(), null, _interval, _interval);
    }

    /// <inheritdoc/>
    public int MostSeries => MostCommands * MostCodes;

    public void Dispose() => _timer.Dispose();

    private List<Measurement<long>> Operations()
    {
        Take();
        lock (_gate)
        {
            return
            [
                .. _calls.Select(static calls => new Measurement<long>(
                    calls.Value, new KeyValuePair<string, object?>("cmd", calls.Key.Command),
                    new KeyValuePair<string, object?>("code", calls.Key.Code.ToString(CultureInfo.InvariantCulture)))),
            ];
        }
    }

    private void Take()
    {
        lock (_gate)
        {
            foreach (CniOperation operation in _reader.Take())
            {
                (string, uint) key = (operation.Command, operation.Code);
                _calls[key] = _calls.GetValueOrDefault(key) + 1;
                _meter.Called(operation.Command, operation.Time);
            }
        }
    }

    private List<(string Family, double Allocated, double Free)> Addresses()
    {
        lock (_gate)
        {
            if (_addresses is { } last && _time.GetElapsedTime(last.Time) < _age) return last.Families;
            _addresses = (_time.GetTimestamp(), ReadAddresses());
            return _addresses.Value.Families;
        }
    }

    private List<(string Family, double Allocated, double Free)> ReadAddresses()
    {
        List<(string, double, double)> addresses = [];
        try
        {
            foreach (IpPrefix podCidr in _node.Options.PodCidrs)
            {
                int allocated = AddressStore.HoldersOfAll(_allocations).Count(pod => podCidr.Contains(pod.Address));
                addresses.Add((FamilyName.Of(podCidr.Family), allocated, (double)new AddressRange(podCidr).Count - allocated));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return [];
        }

        return addresses;
    }

    private static Measurement<double> Of(string family, double value) =>
        new(value, new KeyValuePair<string, object?>("family", family));
}
