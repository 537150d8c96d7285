using BenchmarkDotNet.Attributes;
using Overlay.Dataplane.Packets;

namespace Overlay.Bench.Micro;

/// <summary>The hash that chooses the outer source port, parsing included: a header view cannot be kept.</summary>
public class FlowHashing
{
    private readonly byte[] _ipv4 = SamplePackets.Ipv4Udp(64);
    private readonly byte[] _ipv6 = SamplePackets.Ipv6Udp(64);

    [Benchmark]
    public uint Ipv4() =>
        InnerPacket.TryReadIpv4(_ipv4, out InnerPacket ip) ? FlowHash.Of(ip) : throw new InvalidDataException();

    [Benchmark]
    public uint Ipv6() =>
        InnerPacket.TryReadIpv6(_ipv6, out InnerPacket ip) ? FlowHash.Of(ip) : throw new InvalidDataException();
}
