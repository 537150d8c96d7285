using System.Net;
using System.Text.Json.Nodes;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A disk that is full, and state on it that is not what was written.</summary>
public sealed class DiskFaultTests : IDisposable
{
    private readonly SmallDisk _disk = new();
    private readonly FaultScene _scene;

    public DiskFaultTests() => _scene = _disk.Guard(() => new FaultScene(UseDisk));

    [Fact]
    public void A_full_disk_costs_no_packet_and_is_named_and_a_restart_on_it_forwards()
    {
        _scene.During(() =>
        {
            _disk.Fill();

            // A change that has to be saved.
            _scene.B.ChangeUnderlayAddress(IPAddress.Parse("192.168.77.77"));
            Waiting.For(() => _scene.Daemon.Log.Contains("No space left on device", StringComparison.Ordinal));
        }).ShouldBeInOrder();
        _scene.Daemon.Stop().ShouldBe(0, _scene.Daemon.Log);
        _scene.StartDaemon();
        _scene.ShouldRecover();

        _disk.MakeRoom();
        _scene.B.ChangeUnderlayAddress(IPAddress.Parse("192.168.77.2"));
        _scene.Daemon.WaitForLog("is written again");
        _scene.ShouldRecover();
    }

    [Fact]
    public void State_that_is_not_what_was_written_is_named_and_made_anew()
    {
        // Damaged, empty, of a newer version, of another kind.
        string[] contents =
            ["\0\0\0\0{\"version\":", "", "{\"version\":99,\"new\":[{\"deep\":{}}],\"peers\":{\"a\":1}}", "[1,2,3]"];
        foreach (string content in contents)
        {
            _scene.Daemon.Kill();
            string[] files = Directory.GetFiles(_disk.Path, "*.json");
            files.Length.ShouldBeGreaterThan(3, string.Join(' ', files));
            foreach (string file in files) File.WriteAllText(file, content);
            _scene.StartDaemon();
            _scene.Daemon.Log.ShouldContain($"{Path.Combine(_disk.Path, "vtep.json")} cannot be used", customMessage: content);
            _scene.ShouldRecover();
            _scene.WaitForSavedPeer();
        }
    }

    public void Dispose()
    {
        _scene.Dispose();
        _disk.Dispose();
    }

    private void UseDisk(JsonObject overlay)
    {
        if ((string?)overlay["NodeName"] == "a") overlay["StateDirectory"] = _disk.Path;
    }
}
