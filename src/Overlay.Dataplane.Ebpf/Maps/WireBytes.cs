using System.Runtime.InteropServices;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>A hardware address as it is on the wire, in three words.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct MacBytes(ushort First, ushort Second, ushort Third)
{
    public static MacBytes Of(MacAddress address)
    {
        MacBytes bytes = default;
        address.Write(MemoryMarshal.AsBytes(new Span<MacBytes>(ref bytes)));
        return bytes;
    }

    public MacAddress ToMacAddress()
    {
        MacBytes bytes = this;
        return MacAddress.Read(MemoryMarshal.AsBytes(new ReadOnlySpan<MacBytes>(in bytes)));
    }
}

/// <summary>An IPv4 address as it is on the wire, in one word.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Ipv4Bytes(uint Word)
{
    /// <summary>Zero where there is no address.</summary>
    public static Ipv4Bytes Of(IpAddress? address)
    {
        Ipv4Bytes bytes = default;
        if (address is { Family: IpFamily.IPv4 } known)
            _ = known.Write(MemoryMarshal.AsBytes(new Span<Ipv4Bytes>(ref bytes)));
        return bytes;
    }
}

/// <summary>An IPv6 address as it is on the wire, or an IPv4 address in the first of four words.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct AddressBytes(uint First, uint Second, uint Third, uint Fourth)
{
    /// <summary>Zero where there is no address.</summary>
    public static AddressBytes Of(IpAddress? address)
    {
        AddressBytes bytes = default;
        if (address is { } known) _ = known.Write(MemoryMarshal.AsBytes(new Span<AddressBytes>(ref bytes)));
        return bytes;
    }

    /// <summary>The address of that family.</summary>
    public IpAddress ToAddress(IpFamily family)
    {
        AddressBytes bytes = this;
        int length = family == IpFamily.IPv4 ? Ipv4Address.Length : Ipv6Address.Length;
        return IpAddress.Read(MemoryMarshal.AsBytes(new ReadOnlySpan<AddressBytes>(in bytes))[..length]);
    }
}
