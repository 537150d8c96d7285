using Overlay.Bench.Rig.Stores;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Peers;

/// <summary>
/// One overlayd a node, of which the first has its leases in a store that the rig writes the second's lease into.
/// </summary>
/// <remarks>
/// The second has the lab's lease files instead: a daemon that shared the store would put its own lease back as soon as
/// it is taken out.
/// </remarks>
internal sealed class StorePeer(string name, string description, Func<ILeaseStore> create) : IPeer
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly RunningDaemons _daemons = new();
    private ILeaseStore? _store;
    private VxlanPeer? _lease;

    public string Name => name;

    public string Describe(LabNetwork lab) => $"{ProductBinary.Version("overlayd")}, {description}";

    public void SetUp(LabNetwork lab)
    {
        (Node node, Node other) = (lab.Nodes[0], lab.Nodes[1]);
        _store = create();
        _store.Start(node, other);
        node.WriteConfig(_store.Configure);
        _daemons.Start(lab.Nodes, _patience);

        string? mac = AdminSocket.Report(node, "status").GetProperty("vtepMac").GetString();
        new VxlanPeer(node.PodCidrV4, node.UnderlayV4, mac, null, null, null).Write(node.LeaseFile, lab.Options.Vni);
        _lease = VxlanPeer.Read(other.LeaseFile);
        Publish();
    }

    public void TearDown(LabNetwork lab)
    {
        string? complaint = _daemons.Stop();
        _store?.Dispose();
        _store = null;
        File.Delete(lab.Nodes[0].LeaseFile);
        foreach (Node node in lab.Nodes)
        {
            node.WriteConfig();
            if (Directory.Exists(node.StateDirectory)) Directory.Delete(node.StateDirectory, recursive: true);
        }

        if (complaint is not null) throw new LabException(complaint);
    }

    /// <summary>Lets the first node know of the second.</summary>
    public void Publish() => _store!.Publish(_lease!);

    /// <summary>Lets the first node forget the second.</summary>
    public void Withdraw() => _store!.Withdraw(_lease!);
}
