using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>The keys of one family in net-conf.json, with their defaults and rules.</summary>
internal sealed class NetConfFamily
{
    private readonly IpFamily _family;
    private readonly JsonField _network;
    private readonly JsonField _length;
    private readonly JsonField _min;
    private readonly JsonField _max;
    private readonly IpPrefix? _networkValue;
    private readonly int _lengthValue;
    private readonly IpAddress? _minValue;
    private readonly IpAddress? _maxValue;

    /// <summary>Reads the values, which have to be of the right kind even where the family is not enabled.</summary>
    public NetConfFamily(IpFamily family, NetConfFields fields, NetConfReader reader)
    {
        _family = family;
        bool isIpv4 = family == IpFamily.IPv4;
        _network = isIpv4 ? new("Network", fields.Network) : new("IPv6Network", fields.Ipv6Network);
        _length = isIpv4 ? new("SubnetLen", fields.SubnetLen) : new("IPv6SubnetLen", fields.Ipv6SubnetLen);
        _min = isIpv4 ? new("SubnetMin", fields.SubnetMin) : new("IPv6SubnetMin", fields.Ipv6SubnetMin);
        _max = isIpv4 ? new("SubnetMax", fields.SubnetMax) : new("IPv6SubnetMax", fields.Ipv6SubnetMax);
        _networkValue = reader.Prefix(_network, family, NetworkExample);
        _lengthValue = reader.Number(_length, 0, LongestSubnet, UsualSubnet);
        _minValue = reader.Address(_min, family, isIpv4 ? "10.244.1.0" : "fd00:10:244:1::");
        _maxValue = reader.Address(_max, family, isIpv4 ? "10.244.255.0" : "fd00:10:244:ff::");
    }

    private string NetworkExample => _family == IpFamily.IPv4 ? "10.244.0.0/16" : "fd00:10:244::/56";

    private int LongestSubnet => _family == IpFamily.IPv4 ? 30 : 126;

    private int LongestNetwork => _family == IpFamily.IPv4 ? 28 : 124;

    private int UsualSubnet => _family == IpFamily.IPv4 ? 24 : 64;

    /// <summary>The range of all pods, which an enabled family has to have.</summary>
    public IpPrefix? Network(NetConfReader reader)
    {
        if (_networkValue is null) reader.Fail(_network.IsNot($"an {_family} prefix such as \"{NetworkExample}\""));
        return _networkValue;
    }

    /// <summary>The pod CIDRs to hand out; null with a word to the reader where they do not fit the network.</summary>
    public SubnetRange? Subnets(IpPrefix network, NetConfReader reader)
    {
        if (LengthIn(network, reader) is not { } length) return null;

        // The first one is left out: its base address is that of the network.
        IpPrefix? min =
            Boundary(_min, _minValue ?? new IpPrefix(network.Address, length).Last.Add(1), network, length, reader);
        IpPrefix? max =
            Boundary(_max, _maxValue ?? new IpPrefix(network.Last, length).Address, network, length, reader);
        if (min is not { } first || max is not { } last) return null;
        if (first.Address.Value <= last.Address.Value) return new(first, last);
        reader.Fail(
            $"{_min.Name} is {first.Address}, which is above {_max.Name} {last.Address}; it should be at most that, "
            + $"such as \"{last.Address}\"");
        return null;
    }

    private int? LengthIn(IpPrefix network, NetConfReader reader)
    {
        // Four subnets at least: the first is not used, and one alone would be no network.
        int shortest = network.Length + 2;
        if (network.Length > LongestNetwork)
            reader.Fail(
                $"{_network.Name} is {network}, too small for four subnets; it should be a /{LongestNetwork} or "
                + $"larger, such as \"{NetworkExample}\"");
        else if (_lengthValue == 0) return Math.Max(UsualSubnet, shortest);
        else if (_lengthValue >= shortest) return _lengthValue;
        else
            reader.Fail(
                $"{_length.Name} is {_lengthValue}, which leaves room for less than four subnets in {_network.Name} "
                + $"{network}; it should be from {shortest} to {LongestSubnet} such as "
                + $"{Math.Max(UsualSubnet, shortest)}");
        return null;
    }

    private static IpPrefix? Boundary(
        JsonField field, IpAddress address, IpPrefix network, int length, NetConfReader reader)
    {
        IpPrefix subnet = new(address, length);
        if (!network.Contains(address))
            reader.Fail(
                $"{field.Name} is {address}, which is not inside {network}; it should be such as "
                + $"\"{new IpPrefix(network.Address, length).Last.Add(1)}\"");
        else if (subnet.Address != address)
            reader.Fail(
                $"{field.Name} is {address}, which no /{length} begins at; it should be such as \"{subnet.Address}\"");
        else return subnet;
        return null;
    }
}
