using System.Globalization;
using Overlay.Cni.Protocol;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>subnet.env, by which the daemon of the node says what pods may have, in flannel's grammar.</summary>
/// <param name="Networks">Cluster networks of both families.</param>
/// <param name="Subnets">The node's pod CIDRs, IPv4 first.</param>
/// <param name="Mtu">Bytes of the largest pod packet.</param>
public sealed record SubnetEnvironment(IReadOnlyList<IpPrefix> Networks, IReadOnlyList<IpPrefix> Subnets, uint Mtu)
{
    /// <exception cref="CniException">Code 11: not there, or without a key, as before the daemon of a node has started.</exception>
    public static SubnetEnvironment Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string why = exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist" : $"cannot be read ({exception.Message})";
            throw new CniException(CniErrorCode.TryAgainLater, $"{path} {why}: overlayd writes it once the node has its pod CIDR; does it run?");
        }

        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string line in lines)
        {
            string text = line.Trim();
            if (text.StartsWith("export ", StringComparison.Ordinal)) text = text[7..].TrimStart();
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && text[0] != '#') values[text[..equals].Trim()] = text[(equals + 1)..].Trim().Trim('"', '\'');
        }

        List<IpPrefix> networks = [];
        List<IpPrefix> subnets = [];
        AddFamily("FLANNEL_NETWORK", "FLANNEL_SUBNET");
        AddFamily("FLANNEL_IPV6_NETWORK", "FLANNEL_IPV6_SUBNET");
        if (subnets.Count == 0) throw Lacks("FLANNEL_SUBNET or FLANNEL_IPV6_SUBNET");
        if (!uint.TryParse(values.GetValueOrDefault("FLANNEL_MTU"), NumberStyles.None, CultureInfo.InvariantCulture, out uint mtu) || mtu is 0 or > 65535)
            throw Lacks("FLANNEL_MTU");
        return new(networks, subnets, mtu);

        void AddFamily(string networkKey, string subnetKey)
        {
            foreach (string part in values.GetValueOrDefault(networkKey, "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!PrefixedAddress.TryParse(part, out IpAddress address, out int length)) throw Lacks(networkKey);
                networks.Add(new(address, length));
            }

            if (!values.TryGetValue(subnetKey, out string? subnet)) return;
            if (!PrefixedAddress.TryParse(subnet, out IpAddress gateway, out int bits)) throw Lacks(subnetKey);
            if (!values.ContainsKey(networkKey)) throw Lacks(networkKey);
            subnets.Add(new(gateway, bits));
        }

        CniException Lacks(string key) => new(
            CniErrorCode.TryAgainLater,
            $"{path} has no usable {key}: '{values.GetValueOrDefault(key.Split(' ')[0], "")}'; overlayd writes it once the node has its pod CIDR");
    }
}
