using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Reads section Network.</summary>
internal static class NetworkOptionsReader
{
    public static NetworkOptions Read(SectionReader network)
    {
        NetworkOptions options = new()
        {
            Cidr = network.Prefix("Cidr", IpFamily.IPv4, "10.244.0.0/16", "The range of all IPv4 pods of the cluster."),
            CidrV6 = network.Prefix(
                "CidrV6", IpFamily.IPv6, "fd00:10:244::/56", "The range of all IPv6 pods of the cluster."),
            SubnetLength = network.Integer("SubnetLength", 24, 1, 30, "Prefix length of each node's IPv4 pod CIDR."),
            SubnetLengthV6 =
                network.Integer("SubnetLengthV6", 64, 1, 126, "Prefix length of each node's IPv6 pod CIDR."),
            Vni = new Vni(
                (uint)network.Integer("Vni", 1, 0, (int)Vni.Max, "VXLAN network identifier, the same on every node.")),
            Port = (ushort)network.Integer(
                "Port", 8472, 1, ushort.MaxValue,
                "UDP port of the tunnels, the same on every node. Linux uses 8472; IANA assigned 4789."),
            Mtu = network.Integer(
                "Mtu", 0, 0, 65_535,
                "Bytes of the largest pod packet; 0 takes the underlay MTU less 50, or less 70 over IPv6."),
            DirectRouting = network.Boolean(
                "DirectRouting", false, "Peers on a network of this node's own get a plain route instead of a tunnel."),
            Given = Enum.GetValues<NetworkKeys>()
                .Where(key => network.IsGiven(key.ToString()))
                .Aggregate(NetworkKeys.None, static (keys, key) => keys | key),
        };
        network.RefuseUnknown();
        return options;
    }
}
