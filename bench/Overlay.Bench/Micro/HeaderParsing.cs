using BenchmarkDotNet.Attributes;
using Overlay.Wire.Headers;

namespace Overlay.Bench.Micro;

/// <summary>What the packet path asks of each header, validation included.</summary>
public class HeaderParsing
{
    private readonly byte[] _ipv4 = SamplePackets.Ipv4Udp(64);
    private readonly byte[] _ipv6 = SamplePackets.Ipv6Udp(64);
    private readonly byte[] _vxlan = SamplePackets.Vxlan(64);

    [Benchmark]
    public uint Ipv4() =>
        Ipv4Header.TryParse(_ipv4, out Ipv4Header ip)
            ? ip.Source.Value ^ ip.Destination.Value ^ ip.Protocol
            : throw new InvalidDataException();

    [Benchmark]
    public bool Ipv4Checksum() => Ipv4Header.TryParse(_ipv4, out Ipv4Header ip) && ip.IsChecksumValid;

    [Benchmark]
    public UInt128 Ipv6() =>
        Ipv6Header.TryParse(_ipv6, out Ipv6Header ip) && ip.TryFindUpperLayer(out byte protocol, out _, out _)
            ? ip.Source.Value ^ ip.Destination.Value ^ protocol
            : throw new InvalidDataException();

    [Benchmark]
    public ulong Vxlan() =>
        VxlanHeader.TryParse(_vxlan, out VxlanHeader vxlan)
            && vxlan.IsValid && EthernetHeader.TryParse(vxlan.Payload, out EthernetHeader ethernet)
            ? vxlan.Vni.Value ^ ethernet.Source.Value ^ ethernet.Destination.Value ^ ethernet.EtherType
            : throw new InvalidDataException();
}
