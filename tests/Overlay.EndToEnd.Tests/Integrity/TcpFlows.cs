using System.Net;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>200 TCP connections between two pods at once, half of them each way.</summary>
internal sealed class TcpFlows : IDisposable
{
    private const int EachFamily = 100;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    private readonly UnderlayRelay _relay;
    private readonly List<TcpFlow> _flows = [];
    private readonly PodTap[] _taps;

    public TcpFlows(Pod one, Pod other, UnderlayRelay relay)
    {
        _relay = relay;
        foreach (IPAddress address in other.Addresses)
            _flows.AddRange(TcpFlow.Connect(one, other, address, EachFamily));
        _taps = [new PodTap(other), new PodTap(one)];
    }

    public int Count => _flows.Count;

    /// <summary>Sends that many bytes through every connection at once, over an underlay that does so.</summary>
    public TcpOutcome Run(int bytes, Impairment impairment)
    {
        _ = _relay.Take();
        foreach (PodTap tap in _taps) _ = Drain(tap);
        _relay.Impair(impairment);
        using CancellationTokenSource limit = new(_patience);
        int[] arrived = [.. Task.WhenAll(_flows.Select(flow => flow.TransferAsync(bytes, limit.Token))).Result];
        _relay.Impair(Impairment.None);
        _relay.ThrowIfFailed();

        // In this order: acknowledgments were lost too, so segments may come again until the end.
        List<PacketId>[] heard = [.. _taps.Select(Drain)];
        return new TcpOutcome(bytes, arrived, _relay.Take(), heard);
    }

    public void Dispose()
    {
        foreach (TcpFlow flow in _flows) flow.Dispose();
        foreach (PodTap tap in _taps) tap.Dispose();
    }

    private static List<PacketId> Drain(PodTap tap)
    {
        List<PacketId> heard = [];
        while (tap.Count > 0)
        {
            if (UnderlayFrame.TryIdentify(tap.Take(), out PacketId id) && id.IsTcp) heard.Add(id);
        }

        return heard;
    }
}
