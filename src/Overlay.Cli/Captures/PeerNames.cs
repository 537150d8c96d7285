using System.Net;
using System.Text.Json;
using Overlay.Cli.Output;

namespace Overlay.Cli.Captures;

/// <summary>The owners of addresses: on the underlay, and in pod CIDRs.</summary>
internal sealed class PeerNames
{
    private readonly List<(string Node, IPAddress Address)> _addresses = [];
    private readonly List<(string Node, IPNetwork Pods)> _pods = [];

    /// <param name="peers">The daemon's report of its peers; null where no daemon answers.</param>
    public PeerNames(JsonElement? peers)
    {
        if (peers is not { ValueKind: JsonValueKind.Array } list) return;
        foreach (JsonElement peer in list.EnumerateArray())
        {
            string node = peer.Text("node") ?? "";
            string?[] addresses =
                [peer.Text("publicIp"), peer.Text("publicIpV6"), .. (peer.Text("sendsFrom") ?? "").Split(", ")];
            foreach (string? text in addresses)
            {
                if (IPAddress.TryParse(text, out IPAddress? address)) _addresses.Add((node, address));
            }

            foreach (string? text in (string?[])[peer.Text("subnet"), peer.Text("subnetV6")])
            {
                if (IPNetwork.TryParse(text, out IPNetwork pods)) _pods.Add((node, pods));
            }
        }
    }

    /// <summary>The node that has one of these addresses, on the underlay or by its pods; null for none.</summary>
    public string? Find(params ReadOnlySpan<IPAddress> addresses)
    {
        foreach (IPAddress address in addresses)
        {
            foreach ((string node, IPAddress known) in _addresses)
            {
                if (known.Equals(address)) return node;
            }

            foreach ((string node, IPNetwork pods) in _pods)
            {
                if (pods.BaseAddress.AddressFamily == address.AddressFamily && pods.Contains(address)) return node;
            }
        }

        return null;
    }

    /// <summary>A filter of libpcap for the packets of a peer, by name or by address.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="isOuter">By its underlay addresses, and not by its pods'.</param>
    /// <exception cref="CliException">The peer has no such address.</exception>
    public string FilterFor(string peer, bool isOuter)
    {
        string[] parts = IPAddress.TryParse(peer, out IPAddress? own) ? [$"host {own}"]
            : isOuter ? [.. _addresses.Where(row => row.Node == peer).Select(static row => $"host {row.Address}")]
            : [.. _pods.Where(row => row.Node == peer).Select(static row => $"net {row.Pods}")];
        return parts.Length > 0
            ? $"({string.Join(" or ", parts)})"
            : throw new CliException($"'{peer}' is no peer of this node; see: overlayctl peers", ExitCode.Failure);
    }
}
