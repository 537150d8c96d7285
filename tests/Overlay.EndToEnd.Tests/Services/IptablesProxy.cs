using System.Globalization;
using System.Text;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// A node's rules in the shape kube-proxy gives them in its iptables mode (pkg/proxy/iptables/proxier.go), the pods'
/// range known to it.
/// </summary>
internal static class IptablesProxy
{
    public static string RulesOf(IReadOnlyList<Service> services)
    {
        StringBuilder chains = new();
        StringBuilder rules = new();
        foreach (string chain in new[] { "SERVICES", "NODEPORTS", "POSTROUTING", "MARK-MASQ" }) Chain(chain);
        Rule("PREROUTING -j KUBE-SERVICES");
        Rule("OUTPUT -j KUBE-SERVICES");
        Rule("POSTROUTING -j KUBE-POSTROUTING");
        Rule("KUBE-MARK-MASQ -j MARK --or-mark 0x4000");
        Rule("KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN");
        Rule("KUBE-POSTROUTING -j MARK --xor-mark 0x4000");
        Rule("KUBE-POSTROUTING -j MASQUERADE --random-fully");
        foreach (Service service in services) Add(service);
        Rule("KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS");
        const string Filter = """
            *filter
            :KUBE-FORWARD - [0:0]
            -A FORWARD -j KUBE-FORWARD
            -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
            -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
            -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            COMMIT

            """;
        return $"*nat\n{chains}{rules}COMMIT\n{Filter}";

        void Chain(string name) => chains.Append(CultureInfo.InvariantCulture, $":KUBE-{name} - [0:0]\n");

        void Rule(string rule) => rules.Append(CultureInfo.InvariantCulture, $"-A {rule}\n");

        void Add(Service service)
        {
            (string cluster, string external, string local) =
                ($"SVC-{service.Name}", $"EXT-{service.Name}", $"SVL-{service.Name}");
            foreach (string chain in new[] { cluster, external, local }) Chain(chain);
            Rule($"KUBE-SERVICES -d {service.ClusterIp}/32 -p tcp -m tcp --dport {Service.Port} -j KUBE-{cluster}");
            if (service.LoadBalancerIp is { } balancer)
                Rule($"KUBE-SERVICES -d {balancer}/32 -p tcp -m tcp --dport {Service.Port} -j KUBE-{external}");
            if (service.NodePort > 0)
                Rule($"KUBE-NODEPORTS -p tcp -m tcp --dport {service.NodePort} -j KUBE-{external}");
            if (service.IsLocal)
            {
                Rule($"KUBE-{external} -s {LabAddresses.ClusterV4} -j KUBE-{cluster}");
                Rule($"KUBE-{external} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ");
                Rule($"KUBE-{external} -m addrtype --src-type LOCAL -j KUBE-{cluster}");
                Rule($"KUBE-{external} -j KUBE-{local}");
            }
            else
            {
                Rule($"KUBE-{external} -j KUBE-MARK-MASQ");
                Rule($"KUBE-{external} -j KUBE-{cluster}");
            }

            Rule($"KUBE-{cluster} ! -s {LabAddresses.ClusterV4} -d {service.ClusterIp}/32 -p tcp -m tcp --dport "
                + $"{Service.Port} -j KUBE-MARK-MASQ");
            for (int i = 0; i < service.Endpoints.Count; i++)
            {
                Endpoint endpoint = service.Endpoints[i];
                string pod = $"SEP-{service.Name}{i}";
                Chain(pod);
                string chance = i == service.Endpoints.Count - 1 ? "" : string.Create(CultureInfo.InvariantCulture,
                    $"-m statistic --mode random --probability {1.0 / (service.Endpoints.Count - i):0.0000} ");
                Rule($"KUBE-{cluster} {chance}-j KUBE-{pod}");
                if (endpoint.IsLocal) Rule($"KUBE-{local} -j KUBE-{pod}");
                Rule($"KUBE-{pod} -s {endpoint.Address}/32 -j KUBE-MARK-MASQ");
                Rule($"KUBE-{pod} -p tcp -m tcp -j DNAT --to-destination {endpoint.Address}:{endpoint.Port}");
            }
        }
    }
}
