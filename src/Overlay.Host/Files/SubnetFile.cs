using System.Globalization;
using System.Text;
using Overlay.Wire.Values;

namespace Overlay.Host.Files;

/// <summary>subnet.env: what CNI plugins read to learn a node's pod CIDRs and MTU, in flannel's grammar.</summary>
/// <param name="Networks">Cluster networks of both families.</param>
/// <param name="PodCidrs">The node's own, at most one a family, IPv4 first.</param>
/// <param name="Mtu">Bytes of the largest pod packet.</param>
/// <param name="IpMasq">The daemon masquerades what leaves the cluster networks.</param>
public sealed record SubnetFile(
    IReadOnlyList<IpPrefix> Networks, IReadOnlyList<IpPrefix> PodCidrs, uint Mtu, bool IpMasq)
{
    private const UnixFileMode FileMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode DirectoryMode =
        FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const int MostBytes = 64 * 1024;
    private const string MtuKey = "FLANNEL_MTU";
    private const string IpMasqKey = "FLANNEL_IPMASQ";

    private static readonly Keys _ipv4 = new(IpFamily.IPv4, "FLANNEL_NETWORK", "FLANNEL_SUBNET");
    private static readonly Keys _ipv6 = new(IpFamily.IPv6, "FLANNEL_IPV6_NETWORK", "FLANNEL_IPV6_SUBNET");

    /// <summary>The file's text. A pod CIDR stands there as the gateway in it: base address + 1.</summary>
    public string Format()
    {
        StringBuilder text = new();
        foreach (Keys keys in (ReadOnlySpan<Keys>)[_ipv4, _ipv6])
        {
            foreach (IpPrefix cidr in PodCidrs)
            {
                if (cidr.Family != keys.Family) continue;
                _ = text.Append(CultureInfo.InvariantCulture,
                    $"{keys.Network}={string.Join(',', Networks.Where(network => network.Family == keys.Family))}\n");
                _ = text.Append(CultureInfo.InvariantCulture, $"{keys.PodCidr}={cidr.Address.Add(1)}/{cidr.Length}\n");
            }
        }

        _ = text.Append(CultureInfo.InvariantCulture, $"{MtuKey}={Mtu}\n");
        return text.Append(CultureInfo.InvariantCulture, $"{IpMasqKey}={(IpMasq ? "true" : "false")}\n").ToString();
    }

    /// <summary>Writes the file whole, readable by all: a reader finds the old one or the new one.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void Write(string path)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!, DirectoryMode);
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(Format()), FileMode);
    }

    /// <summary>Reads a file that must be complete, as a plugin needs it.</summary>
    /// <exception cref="FormatException">
    /// Names the file, the first key that is missing or has no usable value, and the value.
    /// </exception>
    /// <exception cref="IOException">There is none, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static SubnetFile Read(string path)
    {
        Dictionary<string, string> values = Values(path);
        List<IpPrefix> networks = [];
        List<IpPrefix> podCidrs = [];
        foreach (Keys keys in (ReadOnlySpan<Keys>)[_ipv4, _ipv6])
        {
            foreach (string part in values.GetValueOrDefault(keys.Network, "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                networks.Add(PrefixOf(part, keys.Family) ?? throw Lacks(keys.Network));
            if (!values.TryGetValue(keys.PodCidr, out string? gateway)) continue;
            podCidrs.Add(PrefixOf(gateway, keys.Family) ?? throw Lacks(keys.PodCidr));
            if (!values.ContainsKey(keys.Network)) throw Lacks(keys.Network);
        }

        if (podCidrs.Count == 0) throw Lacks(_ipv4.PodCidr, $" or {_ipv6.PodCidr}");
        if (!uint.TryParse(values.GetValueOrDefault(
            MtuKey), NumberStyles.None, CultureInfo.InvariantCulture, out uint mtu) || mtu is 0 or > 65535)
            throw Lacks(MtuKey);
        return new(networks, podCidrs, mtu, values.GetValueOrDefault(IpMasqKey) == "true");

        FormatException Lacks(string key, string orKey = "") =>
            new($"{path} has no usable {key}{orKey}: '{ShownText.Of(values.GetValueOrDefault(key, ""))}'");
    }

    /// <summary>
    /// The pod CIDRs that an earlier daemon, ours or flannel, has written; empty where none makes sense.
    /// </summary>
    /// <remarks>As tolerant as flannel's own reader: a value that is no prefix of its family is passed over.</remarks>
    public static IReadOnlyList<IpPrefix> FindPodCidrs(string path)
    {
        List<IpPrefix> found = [];
        try
        {
            Dictionary<string, string> values = Values(path);
            foreach (Keys keys in (ReadOnlySpan<Keys>)[_ipv4, _ipv6])
            {
                if (PrefixOf(values.GetValueOrDefault(keys.PodCidr), keys.Family) is { } cidr) found.Add(cidr);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No trace of an earlier run; its pod CIDRs would have been a wish only.
        }

        return found;
    }

    // Comments, `export` and quotes are passed over; of two lines with one key the last counts, as in a shell.
    private static Dictionary<string, string> Values(string path)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string line in BoundedFile.ReadText(path, MostBytes, "a subnet file").Split('\n'))
        {
            string text = line.Trim();
            if (text.StartsWith("export ", StringComparison.Ordinal)) text = text[7..].TrimStart();
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && text[0] != '#')
                values[text[..equals].Trim()] = text[(equals + 1)..].Trim().Trim('"', '\'');
        }

        return values;
    }

    private static IpPrefix? PrefixOf(string? text, IpFamily family) =>
        PrefixedAddress.TryParse(text, out IpAddress address, out int length) && address.Family == family
            ? new(address, length)
            : null;

    private sealed record Keys(IpFamily Family, string Network, string PodCidr);
}
