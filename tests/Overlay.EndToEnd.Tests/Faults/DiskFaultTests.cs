using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A disk that is full, and state on it that is not what was written.</summary>
public sealed class DiskFaultTests : IDisposable
{
    private readonly FaultScene _scene;
    private string _disk = "";

    public DiskFaultTests() => _scene = new FaultScene(MountSmallDisk);

    [Fact]
    public void A_full_disk_costs_no_packet_and_is_named_and_a_restart_on_it_forwards()
    {
        Node a = _scene.A;
        string hog = Path.Combine(_disk, "hog");
        _scene.During(() =>
        {
            Fill(hog);

            // A change that has to be saved.
            _scene.B.ChangeUnderlayAddress(System.Net.IPAddress.Parse("192.168.77.77"));
            Waiting.For(() => _scene.Daemon.Log.Contains("No space left on device", StringComparison.Ordinal));
        }).ShouldBeInOrder();
        _scene.Daemon.Stop().ShouldBe(0, _scene.Daemon.Log);
        _scene.StartDaemon();
        _scene.ShouldRecover();

        File.Delete(hog);
        _scene.B.ChangeUnderlayAddress(System.Net.IPAddress.Parse("192.168.77.2"));
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
            string[] files = Directory.GetFiles(_disk, "*.json");
            files.Length.ShouldBeGreaterThan(3, string.Join(' ', files));
            foreach (string file in files) File.WriteAllText(file, content);
            _scene.StartDaemon();
            _scene.Daemon.Log.ShouldContain($"{Path.Combine(_disk, "vtep.json")} cannot be used", customMessage: content);
            _scene.ShouldRecover();
            Cluster.WaitForSavedPeer(_scene.A, _scene.B);
        }
    }

    public void Dispose()
    {
        _ = Command.Run(Command.DefaultLimit, "umount", ["-l", _disk]);
        _scene.Dispose();
    }

    // Before the first daemon starts; a's alone.
    private void MountSmallDisk(JsonObject overlay)
    {
        if (_disk.Length > 0) return;
        _disk = Directory.CreateDirectory((string)overlay["StateDirectory"]!).FullName;
        Command.Require("mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "none", _disk);
    }

    private static void Fill(string path)
    {
        using FileStream file = File.Create(path);
        byte[] page = new byte[4096];
        while (true)
        {
            try
            {
                file.Write(page);
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                return;
            }
        }
    }
}
