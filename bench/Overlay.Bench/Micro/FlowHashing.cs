using BenchmarkDotNet.Attributes;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;

namespace Overlay.Bench.Micro;

/// <summary>The hash that chooses the outer source port, parsing included: a header view cannot be kept.</summary>
public class FlowHashing
{
    private readonly byte[] _ipv4 = SamplePackets.Ipv4Udp(64);
    private readonly byte[] _ipv6 = SamplePackets.Ipv6Udp(64);

    [Benchmark]
    public uint Ipv4() => Ipv4Header.TryParse(_ipv4, out Ipv4Header ip) ? FlowHash.Of(ip) : throw new InvalidDataException();

    [Benchmark]
    public uint Ipv6() => Ipv6Header.TryParse(_ipv6, out Ipv6Header ip) ? FlowHash.Of(ip) : throw new InvalidDataException();
}
