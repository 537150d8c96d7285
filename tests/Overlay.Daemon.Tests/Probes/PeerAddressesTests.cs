using Overlay.Daemon.Probes;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class PeerAddressesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(255)]
    public void The_base_addresses_of_all_peers_are_found_and_no_others(int peers)
    {
        ForwardingTableBuilder builder = new();
        _ = builder.AddVtep(ProbeTable.B).AddLocal(IpPrefix.Parse("10.243.0.0/24"));
        for (int i = 0; i < peers; i++) _ = builder.AddRoute(IpPrefix.Parse($"10.244.{i}.0/24"), ProbeTable.B);
        ForwardingTable table = builder.Build();
        for (int i = 0; i < 256; i++)
        {
            PeerAddresses.Contains(table, IpAddress.Parse($"10.244.{i}.0")).ShouldBe(i < peers);
            PeerAddresses.Contains(table, IpAddress.Parse($"10.244.{i}.1")).ShouldBeFalse();
        }

        PeerAddresses.Contains(table, IpAddress.Parse("10.243.0.0")).ShouldBeFalse();
        PeerAddresses.Contains(table, IpAddress.Parse("::")).ShouldBeFalse();
    }
}
