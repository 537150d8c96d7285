using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>Reads a result of any version: another plugin's answer, or <c>prevResult</c>.</summary>
internal static class CniResultReader
{
    /// <exception cref="CniException">Code 7: names what is not valid.</exception>
    public static CniResult Read(JsonElement element, string path)
    {
        CniObject root = new(element, path);
        List<CniAddress> addresses = [];
        List<PodRoute> routes = [];
        foreach (string key in (ReadOnlySpan<string>)["ip4", "ip6"])
        {
            CniObject family = root.Object(key);
            if (!family.IsPresent) continue;
            (IpAddress address, int length) = family.AddressWithLength("ip")
                ?? throw family.Wrong("ip", "is missing; example: 10.244.1.7/24");
            addresses.Add(new(address, length, family.Address("gateway"), null));
            AddRoutes(family, routes);
        }

        foreach (CniObject ip in root.Objects("ips"))
        {
            (IpAddress address, int length) = ip.AddressWithLength("address")
                ?? throw ip.Wrong("address", "is missing; example: 10.244.1.7/24");
            int? index = ip.Has("interface") ? (int)ip.Number("interface", 0, int.MaxValue, "0") : null;
            addresses.Add(new(address, length, ip.Address("gateway"), index));
        }

        List<CniInterface> interfaces = [];
        foreach (CniObject link in root.Objects("interfaces"))
            interfaces.Add(new(link.Text(
                "name"), link.Text("mac"), link.Number("mtu", 0, uint.MaxValue, "1450"), link.Text("sandbox")));
        AddRoutes(root, routes);
        return new()
        {
            Interfaces = interfaces,
            Addresses = addresses,
            Routes = routes,
            Dns = ReadDns(root.Object("dns")),
        };
    }

    public static CniDns ReadDns(CniObject dns) =>
        dns.IsPresent ? new(
            dns.Texts("nameservers"), dns.Text("domain"), dns.Texts("search"), dns.Texts("options")) : CniDns.None;

    /// <summary>Routes of an object's key <c>routes</c>.</summary>
    public static void AddRoutes(CniObject from, ICollection<PodRoute> routes)
    {
        foreach (CniObject route in from.Objects("routes"))
        {
            // Go's reader takes 10.1.2.3/16 for 10.1.0.0/16, and other plugins answer with what it read.
            (IpAddress address, int length) = route.AddressWithLength("dst")
                ?? throw route.Wrong("dst", "is missing; example: 10.96.0.0/12");
            routes.Add(new(new IpPrefix(address, length), route.Address("gw"), route.Number("mtu", 0, 65535, "1450")));
        }
    }
}
