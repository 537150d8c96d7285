using System.Text;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Cni;

/// <summary>Calls as runtimes make them, in the forms of flannel's plugin and of our own.</summary>
internal static class CniSeeds
{
    private const string Id = "9bc5d1933c85";
    private const string Namespace = "/var/run/netns/cni-6484dcd8";
    private const string Own = """{"cniVersion":"1.1.0","name":"cbr0","type":"overlay"}""";
    private const string Result =
        """{"cniVersion":"1.1.0","interfaces":[{"name":"cni0","mac":"0a:58:0a:f4:01:01"},{"name":"ov42808f0d2e7e","mtu":1430},{"name":"eth0","mac":"0a:58:0a:f4:01:0e","mtu":1430,"sandbox":"/var/run/netns/cni-6484dcd8"}],"ips":[{"interface":2,"address":"10.244.1.14/24","gateway":"10.244.1.1"},{"interface":2,"address":"fd00:10:244:1::e/64"}],"routes":[{"dst":"10.244.0.0/16","mtu":1430},{"dst":"0.0.0.0/0","gw":"10.244.1.1"}],"dns":{"nameservers":["10.96.0.10"],"search":["svc"],"options":["ndots:5"]}}""";

    public static IEnumerable<Seed> All() =>
    [
        Call("add", 0, Own, "IgnoreUnknown=1;K8S_POD_NAME=p2"),
        Call("add-flannel", 0,
            """{"cniVersion":"0.3.1","name":"cbr0","type":"flannel","delegate":{"hairpinMode":true,"isDefaultGateway":true,"bridge":"cni0","mtu":1400}}"""),
        Call("add-ranges", 0,
            """{"cniVersion":"1.0.0","name":"net","type":"overlay","mtu":1400,"isDefaultGateway":false,"ipam":{"type":"host-local","ranges":[[{"subnet":"10.1.0.0/24","rangeStart":"10.1.0.9","rangeEnd":"10.1.0.20","gateway":"10.1.0.1"}],[{"subnet":"fd01::/64"}]],"routes":[{"dst":"10.96.0.0/12","gw":"10.1.0.1"}],"dataDir":"/var/lib/cni/networks","resolvConf":""}}"""),
        Call("add-requests", 0,
            """{"cniVersion":"1.0.0","name":"net","runtimeConfig":{"mac":"02:00:00:00:00:0a","ips":["10.1.0.9/24"],"ipRanges":[[{"subnet":"10.1.0.0/24"}]]},"args":{"cni":{"ips":["10.1.0.10"]}},"dns":{"nameservers":["1.1.1.1"],"domain":"a"}}""",
            "IP=10.1.0.9,fd01::9;MAC=02:00:00:00:00:0a"),
        Call("del", 1, Own),
        Call("del-result", 1, With(Result)),
        Call("check", 2, With(Result)),
        Call("check-old", 2,
            With("""{"ip4":{"ip":"10.244.1.7/24","gateway":"10.244.1.1","routes":[{"dst":"0.0.0.0/0"}]},"ip6":{"ip":"fd00::7/64"}}""")),
        Call("status", 3, Own),
        Call("gc", 4,
            """{"cniVersion":"1.1.0","name":"cbr0","cni.dev/valid-attachments":[{"containerID":"a1b2","ifname":"eth0"}]}"""),
        Call("version", 5, """{"cniVersion":"1.1.0"}"""),
        Call("bad-bridge", 0, """{"cniVersion":"1.1.0","name":"cbr0","bridge":"a b","ipam":{"type":"dhcp"}}"""),
    ];

    private static string With(string result) =>
        $$"""{"cniVersion":"1.1.0","name":"cbr0","type":"overlay","prevResult":{{result}}}""";

    private static Seed Call(string name, byte command, string configuration, string arguments = "") =>
        new(name, [command, .. Encoding.UTF8.GetBytes($"{Id}\0{Namespace}\0eth0\0{arguments}\0{configuration}")]);
}
