using System.Text.Json;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A host's clock that is set by a day: nothing that a node knows ages or becomes young by it.</summary>
public sealed class ClockFaultTests : IDisposable
{
    // Wall clock only: no step of it moves the kernel's monotonic clock.
    private static readonly string[] _environment =
        ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"];

    private readonly FaultScene _scene = new();
    private readonly string _clock;

    public ClockFaultTests()
    {
        _clock = Path.Combine(_scene.A.Directory, "clock");
        _scene.Guard(() =>
        {
            Set("+0");
            _scene.Daemon.Stop().ShouldBe(0);
            _scene.StartDaemon(Start);
        });
    }

    [Fact]
    public void A_clock_that_is_set_by_a_day_either_way_costs_no_packet()
    {
        foreach (string step in new[] { "+1d", "-1d" })
        {
            _scene.During(() =>
            {
                Set(step);
                Waiting.For(
                    () => DaemonTime() is { } time && Math.Abs((time - DateTimeOffset.UtcNow).TotalHours) > 23, 30);
                Thread.Sleep(1500);
                Set("+0");
                Thread.Sleep(1000);
            }).ShouldHaveLostNothing();
            _scene.ShouldRecover();
        }
    }

    public void Dispose() => _scene.Dispose();

    // The clock stands in the report: when the store was last heard. Null where a busy host's daemon answers too late.
    private DateTimeOffset? DaemonTime()
    {
        File.SetLastWriteTimeUtc(_scene.B.LeaseFile, DateTime.UtcNow);
        return AdminSocket.TryGet(_scene.A.Socket, "v1/status") is { } status
            ? JsonDocument.Parse(status).RootElement.GetProperty("controlPlane").GetProperty("lastSync").GetDateTimeOffset()
            : null;
    }

    private void Set(string step)
    {
        string next = _clock + ".next";
        File.WriteAllText(next, step);
        File.Move(next, _clock, overwrite: true);
    }

    private BackgroundProcess Start(Node node) => node.Start(
        "env",
        [
            StartEnvironment.DotnetRoot, $"LD_PRELOAD={Library()}", $"FAKETIME_TIMESTAMP_FILE={_clock}", .. _environment,
            ProductBinary.Find("overlayd"), "--config", node.ConfigPath,
        ]);

    private static string Library() =>
        Directory.GetDirectories("/usr/lib")
            .Select(static directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1"))
            .Single(File.Exists);
}
