using System.Text.Json.Nodes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Stores;

/// <summary>A directory of lease files, which the node shares with nobody but the rig.</summary>
internal sealed class FileStore : ILeaseStore
{
    private string _directory = "";
    private string _file = "";
    private int _vni;

    public void Start(Node node, Node other)
    {
        _directory = Directory.CreateDirectory(Path.Combine(node.Directory, "store")).FullName;
        _file = Path.Combine(_directory, $"{other.Name}.json");
        _vni = node.Options.Vni;
    }

    public void Configure(JsonObject overlay) => overlay["ControlPlane"]!["File"]!["Directory"] = _directory;

    public void Publish(VxlanPeer lease) => lease.Write(_file, _vni);

    public void Withdraw(VxlanPeer lease) => File.Delete(_file);

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }
}
