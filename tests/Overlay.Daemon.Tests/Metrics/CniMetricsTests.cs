using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Pods.Operations;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>The plugin's calls and addresses, by the files that it leaves.</summary>
public sealed class CniMetricsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Fact]
    public async Task Calls_since_the_daemon_began_are_counted_by_command_and_error()
    {
        OperationJournal journal = new(_directory.Path);
        journal.Add(new CniOperation("ADD", 0, TimeSpan.FromSeconds(1)));
        await using Reading reading = new(this);
        for (int i = 0; i < 3; i++) journal.Add(new CniOperation("ADD", 0, TimeSpan.FromSeconds(0.02)));
        journal.Add(new CniOperation("ADD", 100, TimeSpan.FromSeconds(0.5)));
        reading.Read("overlay_cni_operations").ShouldBe([("ADD 0", 3), ("ADD 100", 1)], ignoreOrder: true);
        reading.Read("overlay_cni_operations").ShouldBe([("ADD 0", 3), ("ADD 100", 1)], ignoreOrder: true);
    }

    [Fact]
    public async Task Addresses_are_those_of_the_nodes_own_pod_cidr_whichever_network_gave_them()
    {
        foreach ((string network, string address) in new[]
        {
            ("overlay", "10.244.1.2"), ("overlay", "10.244.1.3"), ("cbr0", "10.244.1.9"), ("overlay", "10.9.0.1"),
        })
        {
            _ = Directory.CreateDirectory(Path.Combine(_directory["networks"], network));
            File.WriteAllText(Path.Combine(_directory["networks"], network, address), "abc\r\neth0");
        }

        await using Reading reading = new(this);
        reading.Read("overlay_ipam_allocated").ShouldBe([("ipv4", 3)]);
        reading.Read("overlay_ipam_free").ShouldBe([("ipv4", 253 - 3)]);
    }

    [Fact]
    public async Task Without_the_plugins_files_nothing_is_allocated_and_nothing_fails()
    {
        await using Reading reading = new(this);
        reading.Read("overlay_cni_operations").ShouldBeEmpty();
        reading.Read("overlay_ipam_allocated").ShouldBe([("ipv4", 0)]);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Reads the instruments as an exporter does.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly ServiceProvider _services;
        private readonly CniMetrics _metrics;
        private readonly MeterListener _listener = new();
        private readonly List<(string Name, string Labels, double Value)> _values = [];

        public Reading(CniMetricsTests scene)
        {
            OverlayOptions options = TestOptions.With(
                ("StateDirectory", scene._directory["state"]), ("CniInstall:StateDirectory", scene._directory.Path));
            _services = new ServiceCollection().AddLogging().AddSingleton<ILeaseSource>(new TestStore())
                .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
                .AddNode(options).BuildServiceProvider();
            DaemonMeter meter = _services.GetRequiredService<DaemonMeter>();
            _metrics = new CniMetrics(
                meter, _services.GetRequiredService<NodeStatus>(), options, TimeProvider.System,
                scene._directory["networks"]);
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, meter.Meter)) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) =>
                _values.Add((instrument.Name, LabelsOf(labels), value)));
            _listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) =>
                _values.Add((instrument.Name, LabelsOf(labels), value)));
            _listener.Start();
        }

        public IReadOnlyList<(string Labels, double Value)> Read(string name)
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            return [.. _values.Where(value => value.Name == name).Select(static value => (value.Labels, value.Value))];
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            _metrics.Dispose();
            await _services.DisposeAsync();
        }

        private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
            string.Join(' ', labels.ToArray().Select(static label => label.Value));
    }
}
