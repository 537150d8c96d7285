using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>Facts of the underlay that the table lacks.</summary>
/// <param name="AddressV4">Source of outer IPv4 packets; null for none.</param>
/// <param name="AddressV6">Source of outer IPv6 packets; null for none.</param>
/// <param name="Mtu">Bytes of the largest packet that the underlay's device takes.</param>
public sealed record UnderlayFacts(IpAddress? AddressV4, IpAddress? AddressV6, int Mtu);
