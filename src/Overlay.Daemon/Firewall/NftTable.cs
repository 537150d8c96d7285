using System.Text;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>This daemon's nftables of one family: one table, made whole in one transaction. Immutable.</summary>
/// <remarks>
/// Masquerading is flannel's, rule by rule (pkg/trafficmngr/iptables): packets that kube-proxy has marked are left to
/// it, pods see each other's own addresses, and a client outside that comes to a pod of this node is seen by its own.
/// </remarks>
internal sealed class NftTable
{
    // KUBE-MARK-MASQ.
    private const string KubernetesMark = "0x00004000";

    // Each of the two tells our table from another program's.
    private const string Untracked = "fib daddr type local notrack";
    private const string Tracked = "fib daddr type local accept";

    private NftTable(IpFamily family, string name, string rules, bool masquerades)
    {
        Masquerades = masquerades;
        IpFamily = family;
        Family = family == IpFamily.IPv4 ? "ip" : "ip6";
        Name = name;
        Rules = rules;
    }

    /// <summary>A table as nft lists it, by whatever name, is one of this daemon's.</summary>
    public static bool IsOurs(string listed) => listed.Contains(Untracked, StringComparison.Ordinal)
        || listed.Contains(Tracked, StringComparison.Ordinal);

    /// <summary>The packets it is for.</summary>
    public IpFamily IpFamily { get; }

    /// <summary>nft's name of the family.</summary>
    public string Family { get; }

    /// <summary>The table's name: one for each network of a host.</summary>
    public string Name { get; }

    /// <summary>Pods of this family reach the outside by this table.</summary>
    public bool Masquerades { get; }

    /// <summary>Input of <c>nft -f</c> that makes the table as it should be, in whatever state it was.</summary>
    public string Rules { get; }

    /// <summary>Input of <c>nft -f</c> that removes the table, whether it exists or not.</summary>
    public string Removal => $"table {Family} {Name}\ndelete table {Family} {Name}\n";

    /// <param name="family">Which family.</param>
    /// <param name="options">Networks, port, and destinations without masquerading.</param>
    /// <param name="device">The TUN.</param>
    /// <param name="tracksTunnels">A rule of the host accepts tunnels only as connections that are tracked.</param>
    public static NftTable For(IpFamily family, OverlayOptions options, string device, bool tracksTunnels = false)
    {
        bool isIpv4 = family == IpFamily.IPv4;
        string name = $"overlay-{options.Network.Vni}";
        string address = isIpv4 ? "ip" : "ip6";
        StringBuilder rules = new();
        _ = rules.Append($"table {address} {name}\ndelete table {address} {name}\ntable {address} {name} {{\n");

        // Each flow between pods has a source port of its own outside: an entry for each would fill the table of
        // connections. No rule of another program can translate a packet that is not tracked.
        string tunnels = $"udp dport {options.Network.Port}";
        AppendChain(rules, "prerouting", "type filter hook prerouting priority raw; policy accept;",
            $"{tunnels} {(tracksTunnels ? Tracked : Untracked)}");
        AppendChain(rules, "output", "type filter hook output priority raw; policy accept;",
            tracksTunnels ? [] : [$"{tunnels} fib saddr type local notrack"]);
        IpPrefix? cluster = isIpv4 ? options.Network.Cidr : options.Network.CidrV6;
        IpPrefix? pods = isIpv4 ? options.Subnet : options.SubnetV6;
        if (cluster is not null && pods is not null)
        {
            string[] translations = [.. Translations(options, address, device, cluster.Value, pods.Value)];
            AppendChain(
                rules, "postrouting", "type nat hook postrouting priority srcnat; policy accept;", translations);
        }

        _ = rules.Append("}\n");
        return new NftTable(family, name, rules.ToString(), pods is not null && options.IpMasq);
    }

    private static IEnumerable<string> Translations(
        OverlayOptions options, string address, string device, IpPrefix cluster, IpPrefix pods)
    {
        // A packet of this host's own chose its source before a Service's address became a pod's. Peers answer and
        // accept only packets from this node's pod CIDR.
        yield return $"oifname \"{device}\" fib saddr type local {address} saddr != {pods.Address} snat to "
            + $"{pods.Address}";
        if (!options.IpMasq) yield break;
        yield return $"meta mark & {KubernetesMark} == {KubernetesMark} return";
        string[] exempt = [.. options.NonMasqueradeCidrs.Where(prefix => prefix.Family == cluster.Family)
            .Select(static prefix => prefix.ToString())];
        if (exempt.Length > 0) yield return $"{address} daddr {{ {string.Join(", ", exempt)} }} return";
        yield return $"{address} saddr {pods} {address} daddr {cluster} return";
        yield return $"{address} saddr {cluster} {address} daddr {pods} return";
        yield return $"{address} saddr != {cluster} {address} daddr {pods} return";
        string multicast = cluster.Family == IpFamily.IPv4 ? "224.0.0.0/4" : "ff00::/8";
        string[] matches = [$"{address} saddr {cluster} {address} daddr != {multicast}",
            $"{address} saddr != {cluster} {address} daddr {cluster}"];
        foreach (string match in matches)
        {
            // An answer to the port of the tunnels would end in their socket.
            yield return $"{match} meta l4proto udp masquerade to :{Ports(options.Network.Port)} fully-random";
            yield return $"{match} masquerade fully-random";
        }
    }

    // The larger part of the unprivileged ports that lies beside the tunnels' own.
    private static string Ports(ushort port)
    {
        const int First = 1024;
        if (port < First) return $"{First}-{ushort.MaxValue}";
        return port - First > ushort.MaxValue - port ? $"{First}-{port - 1}" : $"{port + 1}-{ushort.MaxValue}";
    }

    private static void AppendChain(StringBuilder table, string name, string hook, params IReadOnlyList<string> rules)
    {
        _ = table.Append($"  chain {name} {{\n    {hook}\n");
        foreach (string rule in rules) _ = table.Append($"    {rule}\n");
        _ = table.Append("  }\n");
    }
}
