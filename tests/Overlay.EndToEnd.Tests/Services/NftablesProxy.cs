using System.Globalization;
using System.Text;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// A node's rules in the shape kube-proxy gives them in its nftables mode (pkg/proxy/nftables/proxier.go), the pods'
/// range known to it.
/// </summary>
internal static class NftablesProxy
{
    private const string Base = """
        table ip kube-proxy {
          chain mark-for-masquerade { meta mark set meta mark or 0x4000; }
          chain masquerading {
            meta mark & 0x4000 == 0 return
            meta mark set meta mark xor 0x4000
            masquerade fully-random
          }
          chain services {
            ip daddr . meta l4proto . th dport vmap @service-ips
            fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
          }
          chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
          chain nat-output { type nat hook output priority -100; jump services; }
          chain nat-postrouting { type nat hook postrouting priority srcnat; jump masquerading; }
          chain filter-forward { type filter hook forward priority -110; ct state invalid drop; }
        }

        """;

    public static string RulesOf(IReadOnlyList<Service> services)
    {
        StringBuilder chains = new();
        List<string> addresses = [];
        List<string> ports = [];
        foreach (Service service in services)
        {
            addresses.Add($"{service.ClusterIp} . tcp . {Service.Port} : goto service-{service.Name}");
            if (service.LoadBalancerIp is { } balancer)
                addresses.Add($"{balancer} . tcp . {Service.Port} : goto external-{service.Name}");
            if (service.NodePort > 0) ports.Add($"tcp . {service.NodePort} : goto external-{service.Name}");
            Add(chains, service);
        }

        // Verdicts name chains, and rules name maps: chains first, then maps, then the rules that ask them.
        return $$"""
            table ip kube-proxy {
            {{chains}}
              chain mark-for-masquerade { }
              map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { {{string.Join(", ", addresses)}} } }
              map service-nodeports { type inet_proto . inet_service : verdict; elements = { {{string.Join(", ", ports)}} } }
            }
            {{Base}}
            """;
    }

    private static void Add(StringBuilder chains, Service service)
    {
        Endpoint[] local = [.. service.Endpoints.Where(static endpoint => endpoint.IsLocal)];
        for (int i = 0; i < service.Endpoints.Count; i++)
        {
            Endpoint endpoint = service.Endpoints[i];
            Chain(NameOf(service, endpoint), $"ip saddr {endpoint.Address} jump mark-for-masquerade",
                $"meta l4proto tcp dnat to {endpoint.Address}:{endpoint.Port}");
        }

        Chain($"service-{service.Name}",
            $"ip daddr {service.ClusterIp} tcp dport {Service.Port} ip saddr != {LabAddresses.ClusterV4} jump "
            + "mark-for-masquerade", Choice(service, service.Endpoints));
        if (!service.IsLocal)
            Chain($"external-{service.Name}", "jump mark-for-masquerade", $"goto service-{service.Name}");
        else
        {
            Chain(
                $"external-{service.Name}",
                $"ip saddr {LabAddresses.ClusterV4} goto service-{service.Name}",
                "fib saddr type local jump mark-for-masquerade",
                $"fib saddr type local goto service-{service.Name}",
                Choice(service, local));
        }

        void Chain(string name, params string[] rules) =>
            chains.Append(CultureInfo.InvariantCulture, $"  chain {name} {{ {string.Join("; ", rules)}; }}\n");
    }

    private static string Choice(Service service, IReadOnlyList<Endpoint> endpoints) =>
        $"numgen random mod {endpoints.Count} vmap {{ "
        + $"{string.Join(", ", endpoints.Select((endpoint, i) => $"{i} : goto {NameOf(service, endpoint)}"))} }}";

    private static string NameOf(Service service, Endpoint endpoint) =>
        $"endpoint-{service.Name}-{endpoint.Address.ToString().Replace('.', '-')}";
}
