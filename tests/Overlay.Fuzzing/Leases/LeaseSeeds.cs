using System.Text;
using Google.Protobuf;
using Overlay.ControlPlane.Sources.Etcd.Protocol;
using Overlay.Fuzzing.Targets;
using EtcdChange = Overlay.ControlPlane.Sources.Etcd.Protocol.Event;

namespace Overlay.Fuzzing.Leases;

/// <summary>What flannel, etcd, Kubernetes and our own daemons write.</summary>
internal static class LeaseSeeds
{
    private const string Vtep = """{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}""";
    private const string Value =
        $$"""{"PublicIP":"192.168.77.2","PublicIPv6":"fd77::2","BackendType":"vxlan","BackendData":{{Vtep}},"BackendV6Data":{{Vtep}}}""";

    private const string Key = "10.244.2.0-24&fd00:10:244:2::-64";

    public static IEnumerable<Seed> All() =>
    [
        Text("file-dual", LeaseReader.LeaseFile,
            $$"""{"Subnet":"10.244.2.0/24","SubnetV6":"fd00:10:244:2::/64","PublicIP":"192.168.77.2","PublicIPv6":"fd77::2","BackendType":"vxlan","BackendData":{{Vtep}},"BackendV6Data":{{Vtep}}}"""),
        Text("file-ipv4", LeaseReader.LeaseFile,
            """{"subnet":"10.244.2.0/24","publicIP":"192.168.77.2","BackendType":"vxlan","BackendData":{"VtepMAC":""}}"""),
        Text("file-other-backend", LeaseReader.LeaseFile,
            """{"Subnet":"10.244.2.1/24","PublicIP":"192.168.77.2","BackendType":"host-gw","BackendData":null}"""),
        Text("netconf", LeaseReader.NetConf,
            """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/56","SubnetLen":24,"SubnetMin":"10.244.10.0","SubnetMax":"10.244.20.0","IPv6SubnetLen":64,"Backend":{"Type":"vxlan","VNI":1,"Port":8472,"MTU":1450,"DirectRouting":false,"GBP":false,"Learning":false}}"""),
        Text("netconf-short", LeaseReader.NetConf, """{"Network":"10.0.0.0/8","Backend":{"Type":"VXLAN"}}"""),
        Text("subnet-dual", LeaseReader.SubnetFile,
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_IPV6_NETWORK=fd00:10:244::/56\n"
            + "FLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"),
        Text("subnet-shell", LeaseReader.SubnetFile,
            "# two networks\nexport FLANNEL_NETWORK=\"10.244.0.0/16,10.0.0.0/8\"\nFLANNEL_SUBNET='10.244.13.1/24'\n"
            + "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n"),
        Text("etcd-key", LeaseReader.EtcdKey, $"{Key}\0{Value}"),
        Text("etcd-key-reserved", LeaseReader.EtcdKey, "10.244.2.0-24\0{\"PublicIP\":\"192.168.77.2\"}"),
        new("etcd-watch", [(byte)LeaseReader.EtcdMessage, .. Messages()]),
        Text("kubernetes-list", LeaseReader.KubernetesList,
            $$$"""@{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"214","continue":""},"items":[{{{Node("b", 2)}}},{{{Node("c", 3)}}}]}"""),
        Text("kubernetes-watch", LeaseReader.KubernetesWatch,
            $"@{Event("ADDED", Node("b", 2))}\n{Event("MODIFIED", Node("b", 4))}\n"
            + $"{Event("DELETED", Node("b", 4))}\n"),
        Text("kubernetes-bookmark", LeaseReader.KubernetesWatch,
            $"@{Event("BOOKMARK", """{"kind":"Node","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}""")}\n"
            + Event("ERROR", """{"kind":"Status","code":410,"message":"too old resource version"}""")),
    ];

    private static Seed Text(string name, LeaseReader reader, string text) =>
        new(name, [(byte)reader, .. Encoding.UTF8.GetBytes(text)]);

    private static string Event(string type, string node) => $$"""{"type":"{{type}}","object":{{node}}}""";

    private static string Node(string name, int number)
    {
        const string Prefix = "flannel.alpha.coreos.com/";
        string vtep = Vtep.Replace("\"", "\\\"", StringComparison.Ordinal);
        return $$$"""{"kind":"Node","metadata":{"name":"{{{name}}}","uid":"u-{{{number}}}","resourceVersion":"7","annotations":{"{{{Prefix}}}backend-data":"{{{vtep}}}","{{{Prefix}}}backend-type":"vxlan","{{{Prefix}}}kube-subnet-manager":"true","{{{Prefix}}}public-ip":"192.168.77.{{{number}}}"}},"spec":{"podCIDR":"10.244.{{{number}}}.0/24","podCIDRs":["10.244.{{{number}}}.0/24"]},"status":{"conditions":[{"type":"NetworkUnavailable","status":"False"}]}}""";
    }

    private static byte[] Messages()
    {
        KeyValue entry = new()
        {
            Key = ByteString.CopyFromUtf8($"/coreos.com/network/subnets/{Key}"),
            Value = ByteString.CopyFromUtf8(Value),
            ModRevision = 7,
            Lease = 1,
        };
        RangeResponse list = new() { Header = new() { ClusterId = 1, Revision = 7 }, Kvs = { entry } };
        WatchResponse changes = new()
        {
            Header = new() { ClusterId = 1, Revision = 9 },
            Events =
            {
                new EtcdChange { Type = EtcdChange.Types.EventType.Put, Kv = entry },
                new EtcdChange
                {
                    Type = EtcdChange.Types.EventType.Delete,
                    Kv = new KeyValue { Key = entry.Key, ModRevision = 9 },
                },
            },
        };
        return [.. Framed(list), .. Framed(changes)];
    }

    private static byte[] Framed(IMessage message)
    {
        byte[] bytes = message.ToByteArray();
        return [(byte)bytes.Length, (byte)(bytes.Length >> 8), .. bytes];
    }
}
