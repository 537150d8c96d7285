using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>Peers, prefixes and addresses for tables of any size; the same ones in every run.</summary>
internal sealed class SamplePeers
{
    /// <summary>Nodes of a large cluster; tables with more routes give each several.</summary>
    public const int Nodes = 5_000;

    private readonly Random _random = new(7348);

    public static RemoteVtep Vtep(int number) =>
        new($"node-{number}", new Ipv4Address(
            0xac10_0000 + (uint)number), new MacAddress(0x0200_0000_0000 + (ulong)number));

    /// <summary>That many distinct prefixes of random address and length in each family, nested as they come.</summary>
    public ForwardingTable RandomTable(int routes)
    {
        RemoteVtep[] vteps = [.. Enumerable.Range(0, Math.Min(routes, Nodes)).Select(Vtep)];
        HashSet<IpPrefix> known = [];
        ForwardingTableBuilder builder = new();
        for (int i = 0; i < routes; i++)
            _ = builder.AddRoute(Fresh(Ipv4, 8, 32), vteps[i % vteps.Length])
                .AddRoute(Fresh(Ipv6, 12, 128), vteps[i % vteps.Length]);
        return builder.Build();

        IpPrefix Fresh(Func<IpAddress> address, int shortest, int longest)
        {
            while (true)
            {
                IpPrefix prefix = new(address(), _random.Next(shortest, longest + 1));
                if (known.Add(prefix)) return prefix;
            }
        }

        IpAddress Ipv4() => RandomIpv4();
        IpAddress Ipv6() => RandomIpv6();
    }

    public Ipv4Address RandomIpv4() => new((uint)_random.NextInt64(1L << 32));

    /// <summary>Of the unique local addresses, fd00::/8.</summary>
    public Ipv6Address RandomIpv6() =>
        new(new UInt128(0xfd00_0000_0000_0000 | (ulong)_random.NextInt64(
            1L << 56), (ulong)_random.NextInt64(long.MinValue, long.MaxValue)));

    public int Next(int below) => _random.Next(below);
}
