using System.Globalization;
using System.Text;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>subnet.env: what CNI plugins read to learn this node's pod CIDR and MTU, in flannel's grammar.</summary>
internal static class SubnetFile
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode DirectoryMode = FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Writes the file whole: a reader sees the old one or the new one.</summary>
    /// <param name="options">Networks, subnets and where the file is.</param>
    /// <param name="mtu">Bytes of the largest pod packet.</param>
    public static void Write(OverlayOptions options, int mtu)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(options.SubnetFile)!, DirectoryMode);
        AtomicFile.Write(options.SubnetFile, Encoding.ASCII.GetBytes(Format(options, mtu)), FileMode);
    }

    /// <summary>The file's text. A subnet is given as the gateway in it: base address + 1.</summary>
    public static string Format(OverlayOptions options, int mtu)
    {
        StringBuilder text = new();
        if (options.Subnet is { } subnet)
        {
            _ = text.Append($"FLANNEL_NETWORK={options.Network.Cidr}\n");
            _ = text.Append($"FLANNEL_SUBNET={Gateway(subnet)}\n");
        }

        if (options.SubnetV6 is { } subnetV6)
        {
            _ = text.Append($"FLANNEL_IPV6_NETWORK={options.Network.CidrV6}\n");
            _ = text.Append($"FLANNEL_IPV6_SUBNET={Gateway(subnetV6)}\n");
        }

        _ = text.Append($"FLANNEL_MTU={mtu}\n");
        _ = text.Append($"FLANNEL_IPMASQ={(options.IpMasq ? "true" : "false")}\n");
        return text.ToString();
    }

    /// <summary>The pod CIDRs an earlier run of ours, or flannel, has written there; null where there are none that make sense.</summary>
    /// <remarks>As tolerant as flannel's own reader: comments, <c>export</c> and quotes are passed over, and so is what is no prefix.</remarks>
    public static PodCidrs? Read(string path)
    {
        try
        {
            ILookup<string, string> values = File.ReadLines(path)
                .Select(static line => line.Trim())
                .Select(static line => line.StartsWith("export ", StringComparison.Ordinal) ? line[7..].TrimStart() : line)
                .Where(static line => !line.StartsWith('#'))
                .Select(static line => line.Split('=', 2))
                .Where(static parts => parts.Length == 2)
                .ToLookup(static parts => parts[0].Trim(), static parts => parts[1].Trim().Trim('"', '\''), StringComparer.Ordinal);
            PodCidrs read = new(
                values["FLANNEL_SUBNET"].Select(text => Network(text, IpFamily.IPv4)).LastOrDefault(),
                values["FLANNEL_IPV6_SUBNET"].Select(text => Network(text, IpFamily.IPv6)).LastOrDefault());
            return read is { Ipv4: null, Ipv6: null } ? null : read;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No trace of an earlier run, then: what it had is only a wish.
            return null;
        }
    }

    // The gateway with the length of its network, or a list of one.
    private static IpPrefix? Network(string text, IpFamily family)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2 && IpAddress.TryParse(parts[0], out IpAddress address) && address.Family == family
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= address.Bits
            ? new IpPrefix(address, length)
            : null;
    }

    private static string Gateway(IpPrefix subnet) => $"{subnet.Address.Add(1)}/{subnet.Length}";
}
