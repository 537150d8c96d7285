using BenchmarkDotNet.Attributes;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>Ingress: whose is the outer source, and may it send from that inner source? Random senders.</summary>
public class SenderLookup
{
    private const int Packets = 1 << 12;

    private readonly RemoteVtep[] _senders = new RemoteVtep[Packets];
    private readonly Ipv4Address[] _own = new Ipv4Address[Packets];
    private readonly Ipv4Address[] _foreign = new Ipv4Address[Packets];
    private ForwardingTable _table = ForwardingTable.Empty;

    [Params(2, SamplePeers.Nodes)]
    public int Peers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        SamplePeers peers = new();
        ForwardingTableBuilder builder = new();
        RemoteVtep[] vteps = [.. Enumerable.Range(0, Peers).Select(SamplePeers.Vtep)];
        for (int i = 0; i < Peers; i++) _ = builder.AddRoute(new(PodOf(i), 24), vteps[i]);
        _table = builder.Build();
        for (int i = 0; i < Packets; i++)
        {
            int sender = peers.Next(Peers);
            _senders[i] = vteps[sender];
            _own[i] = PodOf(sender);
            _foreign[i] = PodOf((sender + 1) % Peers);
        }
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public int Fdb()
    {
        int found = 0;
        foreach (RemoteVtep sender in _senders) found += _table.Fdb.TryFind(sender.Address, out _) ? 1 : 0;
        return found;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public int AllowedSource()
    {
        int allowed = 0;
        for (int i = 0; i < Packets; i++) allowed += _table.IsAllowedSource(_senders[i], _own[i]) ? 1 : 0;
        return allowed;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public int ForgedSource()
    {
        int allowed = 0;
        for (int i = 0; i < Packets; i++) allowed += _table.IsAllowedSource(_senders[i], _foreign[i]) ? 1 : 0;
        return allowed;
    }

    private static Ipv4Address PodOf(int node) => new(0x0a00_0000 + ((uint)node << 8));
}
