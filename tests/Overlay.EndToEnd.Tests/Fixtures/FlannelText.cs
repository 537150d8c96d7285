using System.Net;
using System.Text.Json.Nodes;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>
/// A node of a dual-stack network as flannel's leases and annotations spell it, written here by hand.
/// </summary>
internal static class FlannelText
{
    public const string AnnotationPrefix = "flannel.alpha.coreos.com/";

    /// <summary>A key behind <c>subnets/</c>, for example <c>10.244.2.0-24&amp;fd00:10:244:2::-64</c>.</summary>
    public static string KeyOf(VxlanPeer node) => $"{node.Subnet}&{node.SubnetV6}".Replace('/', '-');

    /// <summary>The value of that key.</summary>
    public static string ValueOf(VxlanPeer node) =>
        $$$"""{"PublicIP":"{{{node.PublicIP}}}","PublicIPv6":"{{{node.PublicIPv6}}}","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"{{{node.VtepMac}}}"},"BackendV6Data":{"VNI":1,"VtepMAC":"{{{node.VtepMacV6}}}"}}""";

    /// <summary>All annotations that flannel gives a Node.</summary>
    public static SortedDictionary<string, string> AnnotationsOf(VxlanPeer node, int vni = 1) =>
        new(StringComparer.Ordinal)
        {
            ["flannel.alpha.coreos.com/backend-data"] = $$"""{"VNI":{{vni}},"VtepMAC":"{{node.VtepMac}}"}""",
            ["flannel.alpha.coreos.com/backend-type"] = "vxlan",
            ["flannel.alpha.coreos.com/backend-v6-data"] = $$"""{"VNI":{{vni}},"VtepMAC":"{{node.VtepMacV6}}"}""",
            ["flannel.alpha.coreos.com/kube-subnet-manager"] = "true",
            ["flannel.alpha.coreos.com/public-ip"] = $"{node.PublicIP}",
            ["flannel.alpha.coreos.com/public-ipv6"] = $"{node.PublicIPv6}",
        };

    /// <summary>What flannel on another node makes of a key and its value.</summary>
    public static VxlanPeer Read(string key, string value)
    {
        string[] prefixes = key.Replace('-', '/').Split('&');
        JsonNode lease = JsonNode.Parse(value)!;
        return Of(prefixes, (string)lease["PublicIP"]!, (string)lease["PublicIPv6"]!, lease["BackendData"]!,
            lease["BackendV6Data"]!);
    }

    /// <summary>What flannel on another node makes of a Node.</summary>
    public static VxlanPeer Read(JsonObject node)
    {
        string[] prefixes = [.. node["spec"]!["podCIDRs"]!.AsArray().Select(static prefix => (string)prefix!)];
        return Of(
            prefixes, Annotation("public-ip"), Annotation("public-ipv6"), JsonNode.Parse(Annotation("backend-data"))!,
            JsonNode.Parse(Annotation("backend-v6-data"))!);

        string Annotation(string name) => (string)node["metadata"]!["annotations"]![AnnotationPrefix + name]!;
    }

    private static VxlanPeer Of(string[] prefixes, string address, string addressV6, JsonNode data, JsonNode dataV6) =>
        new(
        IPNetwork.Parse(prefixes[0]), IPAddress.Parse(address), (string)data["VtepMAC"]!,
        IPNetwork.Parse(prefixes[1]), IPAddress.Parse(addressV6), (string)dataV6["VtepMAC"]!);
}
