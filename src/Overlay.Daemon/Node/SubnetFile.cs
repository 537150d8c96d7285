using System.Text;
using Overlay.ControlPlane;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>subnet.env: what CNI plugins read to learn this node's pod CIDR and MTU, in flannel's grammar.</summary>
public static class SubnetFile
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

    private static string Gateway(IpPrefix subnet) => $"{subnet.Address.Add(1)}/{subnet.Length}";
}
