using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseIndexTests
{
    [Fact]
    public void It_finds_what_a_look_at_every_lease_finds()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            Lease[] leases = [.. Enumerable.Range(0, 20).Select(number => Any(random, $"n{number}"))];
            LeaseIndex index = new(leases);
            for (int look = 0; look < 20; look++)
            {
                Lease other = Any(random, "other");
                index.Rivals(other)
                    .Select(static lease => lease.Node).Distinct().Order(StringComparer.Ordinal).ShouldBe(
                    leases.Where(lease => Contradict(lease, other))
                        .Select(static lease => lease.Node).Order(StringComparer.Ordinal), $"seed {seed}: {other}");
            }
        }
    }

    private static Lease Any(Random random, string node) => Dual(node, random.Next(1, 250)) with
    {
        Subnet = new IpPrefix(Address("10.244.0.0").Add((uint)random.Next(0, 2048)), random.Next(20, 30)),
        SubnetV6 = random.Next(3) == 0
            ? null
            : new IpPrefix(Address("fd00:10:244::").Add((uint)random.Next(0, 2048)), random.Next(112, 125)),
    };

    private static bool Contradict(Lease one, Lease other) =>
        one.PodCidrs.Any(prefix => other.PodCidrs.Any(prefix.Overlaps))
            || one.PublicAddresses.Intersect(other.PublicAddresses).Any();
}
