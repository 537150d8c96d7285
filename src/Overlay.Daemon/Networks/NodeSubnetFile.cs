using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// This node's <see cref="SubnetFile"/>: its content from the options, and the pod CIDRs of an earlier run from it.
/// </summary>
internal static class NodeSubnetFile
{
    /// <param name="options">Networks and pod CIDRs.</param>
    /// <param name="mtu">Bytes of the largest pod packet.</param>
    public static SubnetFile Of(OverlayOptions options, int mtu) => new(
        [.. Present(options.Network.Cidr, options.Network.CidrV6)], [.. Present(options.Subnet, options.SubnetV6)],
        (uint)mtu, options.IpMasq);

    /// <summary>
    /// The pod CIDRs an earlier run of ours, or flannel, has written; null where there are none that make sense.
    /// </summary>
    public static PodCidrs? Find(string path)
    {
        IReadOnlyList<IpPrefix> found = SubnetFile.FindPodCidrs(path);
        return found.Count == 0 ? null : new(Of(IpFamily.IPv4), Of(IpFamily.IPv6));

        IpPrefix? Of(IpFamily family) => found.Where(cidr => cidr.Family == family).Cast<IpPrefix?>().FirstOrDefault();
    }

    private static IEnumerable<IpPrefix> Present(params IEnumerable<IpPrefix?> prefixes) => prefixes.OfType<IpPrefix>();
}
