using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// 800 flows of numbered datagrams between two pods, both ways.
/// </summary>
/// <remarks>
/// So many sockets on each side make flows by pairs. No more datagrams are on the way than the shortest queue holds, so
/// all that is missing in the end was lost by a fault.
/// </remarks>
internal sealed class UdpFlows : IDisposable
{
    private const int Sockets = 20;

    // Frames on the way: the shortest queue is a veth's ring of 256 (VETH_RING_SIZE, drivers/net/veth.c).
    private const int Window = 160;

    // Datagrams of a flow that follow each other at once; a train is as long.
    private const int Burst = 4;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly PodSockets[] _pods;
    private readonly UnderlayRelay _relay;
    private readonly Node[] _nodes;
    private readonly int _mtu;
    private readonly byte[] _buffer = new byte[65_536];
    private readonly int[] _sent = new int[2];
    private bool _hasChecksums = true;
    private int _sentBefore;

    public UdpFlows(Pod one, Pod other, UnderlayRelay relay)
    {
        _relay = relay;
        _nodes = [one.Node, other.Node];
        _mtu = one.Node.Options.EffectivePodMtu;
        Flows =
        [
            .. from family in one.Addresses.Select(static (address, index) => (address.AddressFamily, index))
               from i in Enumerable.Range(0, Sockets)
               from j in Enumerable.Range(0, Sockets)
               select new UdpFlow((((family.index * Sockets) + i) * Sockets) + j, family.AddressFamily, i, j),
        ];
        _pods =
        [
            new(one, Sockets, (flow, socket) => flow % 2 == 1 && Flows[flow / 2].One == socket),
            new(other, Sockets, (flow, socket) => flow % 2 == 0 && Flows[flow / 2].Other == socket),
        ];
    }

    public IReadOnlyList<UdpFlow> Flows { get; }

    /// <summary>
    /// Sends bursts of every flow, both ways, over an underlay that does so; waits until all that passes has arrived.
    /// </summary>
    public UdpOutcome Run(int bursts, Impairment impairment)
    {
        _ = _relay.Take();
        _relay.Impair(impairment);
        foreach (PodSockets pod in _pods) _ = pod.Take();
        (_sent[0], _sent[1], int from) = (0, 0, _sentBefore);
        for (; _sentBefore < from + (bursts * Burst); _sentBefore += Burst)
        {
            int frames = 0;
            foreach (UdpFlow flow in Flows)
            {
                frames += flow.Shape == FlowShape.Fragmented ? 4 * Burst : Burst;
                for (int direction = 0; direction < 2; direction++) Send(flow, direction, _sentBefore);
                if (frames <= Window) continue;
                WaitUntil(IsThere);
                frames = 0;
            }

            WaitUntil(IsThere);
        }

        _relay.Impair(Impairment.None);

        // Without checksums the only question is whether altered ones show, and those are there.
        if (_hasChecksums) WaitUntil(IsSettled);
        return new UdpOutcome(Flows.Count, from, bursts * Burst, _relay.Take(), [_pods[1].Take(), _pods[0].Take()]);
    }

    /// <summary>Whether IPv4 datagrams are sent with a UDP checksum, as they are by default.</summary>
    public void SetChecksums(bool on)
    {
        _hasChecksums = on;
        foreach (PodSockets pod in _pods) pod.SetChecksums(on);
    }

    public void Dispose()
    {
        foreach (PodSockets pod in _pods) pod.Dispose();
    }

    private void Send(in UdpFlow flow, int direction, int first)
    {
        (int own, int far) = direction == 0 ? (flow.One, flow.Other) : (flow.Other, flow.One);
        EndPoint to = _pods[1 - direction].EndOf(flow.Family, far);
        int headers = flow.Family == AddressFamily.InterNetwork ? 28 : 48;

        // The kernel cuts no train that is to have no checksums.
        bool isTrain = flow.Shape == FlowShape.Train && (_hasChecksums || flow.Family == AddressFamily.InterNetworkV6);
        int length = 0;
        for (int number = first; number < first + Burst; number++)
        {
            int size = flow.Length(number, _mtu - headers);
            new NumberedPayload(flow.Id(direction), number).Write(_buffer.AsSpan(length, size));
            if (isTrain) length += size;
            else _pods[direction].Send(flow.Family, own, _buffer.AsSpan(0, size), to);
        }

        if (isTrain) _pods[direction].Send(flow.Family, own, _buffer.AsSpan(0, length), to, length / Burst);
        _sent[direction] += Burst;
    }

    private void WaitUntil(Func<int, bool> condition)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!Enumerable.Range(0, 2).All(condition))
        {
            _relay.ThrowIfFailed();
            if (watch.Elapsed > _patience)
                throw new LabException(
                    string.Join('\n', Enumerable.Range(0, 2).Select(StateOf).Concat(_nodes.Select(DropsOf))));
            Thread.Sleep(1);
        }
    }

    private bool IsThere(int direction)
    {
        RelayWay way = _relay.Ways[direction];
        return way.Log.Udp.Entered >= _sent[direction] && way.IsEmpty
            && _pods[1 - direction].Count >= way.Log.Udp.Sound;
    }

    // Damaged ones count above where the damage is to bits that do not matter, as if they were others on their way.
    private bool IsSettled(int direction)
    {
        (HashSet<PacketId> damaged, int due) = _relay.Ways[direction].Log.Settle();
        return _pods[1 - direction].CountExcept(damaged) >= due;
    }

    private string StateOf(int direction)
    {
        (int entered, int sound) = _relay.Ways[direction].Log.Udp;
        return $"direction {direction}: {_sent[direction]} datagrams sent, {entered} on the underlay, "
            + $"{sound} passed on sound, {_pods[1 - direction].Count} delivered";
    }

    // Kernel VXLAN has no daemon to ask.
    private static string DropsOf(Node node) => File.Exists(node.Socket)
        ? $"node {node.Name}: {Cluster.Report(node, "counters").GetProperty("drops")}"
        : $"node {node.Name}: kernel VXLAN";
}
