using System.Diagnostics.CodeAnalysis;
using Overlay.Wire.Values;

namespace Overlay.Pods.Ranges;

/// <summary>Addresses of one subnet that pods may get, with the defaults of the host-local plugin.</summary>
public sealed record AddressRange
{
    /// <param name="subnet">At least four addresses.</param>
    /// <param name="start">First address given; null = the one after the subnet's base.</param>
    /// <param name="end">Last address given; null = the subnet's last, without IPv4's broadcast.</param>
    /// <param name="gateway">Never given to a pod; null = the one after the subnet's base.</param>
    /// <exception cref="FormatException">
    /// The subnet is too small, or an address is not in it or out of order.
    /// </exception>
    public AddressRange(IpPrefix subnet, IpAddress? start = null, IpAddress? end = null, IpAddress? gateway = null)
    {
        if (subnet.Length > subnet.Address.Bits - 2)
            throw new FormatException($"subnet {subnet} is too small to give addresses from; example: 10.244.1.0/24");
        Subnet = subnet;
        Start = start ?? subnet.Address.Add(1);
        End = end ?? (subnet.Family == IpFamily.IPv4 ? subnet.Last.Add(uint.MaxValue) : subnet.Last);
        Gateway = gateway ?? subnet.Address.Add(1);
        Require(subnet.Contains(Start), "rangeStart", Start);
        Require(subnet.Contains(End), "rangeEnd", End);

        // Outside the subnet a gateway is allowed, as host-local does; of the other family it leads nowhere.
        if (Gateway.Family != subnet.Family)
            throw new FormatException($"gateway {Gateway} is of another family than subnet {subnet}");
        if (Start.Value > End.Value) throw new FormatException($"rangeStart {Start} comes after rangeEnd {End}");
    }

    public IpPrefix Subnet { get; }

    public IpAddress Start { get; }

    public IpAddress End { get; }

    public IpAddress Gateway { get; }

    public bool Contains(IpAddress address) =>
        address.Family == Subnet.Family && address.Value >= Start.Value && address.Value <= End.Value;

    public bool Overlaps(AddressRange other) => Contains(other.Start) || other.Contains(Start);

    /// <summary>Addresses that can be given, without the gateway.</summary>
    public UInt128 Count
    {
        get
        {
            // The whole of ::/0 has 2^128, one more than the type holds; nobody gets there.
            UInt128 all = End.Value - Start.Value;
            return Contains(Gateway) ? all : all + (all == UInt128.MaxValue ? UInt128.Zero : UInt128.One);
        }
    }

    public override string ToString() => $"{Start}-{End} of {Subnet}";

    private void Require([DoesNotReturnIf(false)] bool inside, string key, IpAddress address)
    {
        if (!inside) throw new FormatException($"{key} {address} is not in subnet {Subnet}");
    }
}
