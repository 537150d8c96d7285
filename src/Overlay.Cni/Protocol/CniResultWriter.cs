using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>Writes a result in the form of the version asked for.</summary>
internal static class CniResultWriter
{
    public static void Write(Utf8JsonWriter json, CniResult result, string version)
    {
        json.WriteStartObject();
        json.WriteString("cniVersion"u8, version);
        if (CniVersion.IsAtLeast(version, CniVersion.V030)) WriteLists(json, result, version);
        else WriteFamilies(json, result);
        json.WritePropertyName("dns"u8);
        WriteDns(json, result.Dns);
        json.WriteEndObject();
    }

    private static void WriteLists(Utf8JsonWriter json, CniResult result, string version)
    {
        bool hasMtu = CniVersion.IsAtLeast(version, CniVersion.V110);
        if (result.Interfaces.Count > 0)
        {
            json.WriteStartArray("interfaces"u8);
            foreach (CniInterface link in result.Interfaces)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, link.Name);
                if (link.Mac.Length > 0) json.WriteString("mac"u8, link.Mac);
                if (hasMtu && link.Mtu > 0) json.WriteNumber("mtu"u8, link.Mtu);
                if (link.Sandbox.Length > 0) json.WriteString("sandbox"u8, link.Sandbox);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartArray("ips"u8);
        foreach (CniAddress address in result.Addresses)
        {
            json.WriteStartObject();
            if (!CniVersion.IsAtLeast(version, CniVersion.V100))
                json.WriteString("version"u8, address.Address.Family == IpFamily.IPv4 ? "4"u8 : "6"u8);
            if (address.Interface is { } index) json.WriteNumber("interface"u8, index);
            json.WriteString("address"u8, $"{address.Address}/{address.PrefixLength}");
            if (address.Gateway is { } gateway) json.WriteString("gateway"u8, gateway.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (result.Routes.Count == 0) return;
        json.WriteStartArray("routes"u8);
        foreach (PodRoute route in result.Routes) WriteRoute(json, route, hasMtu);
        json.WriteEndArray();
    }

    // 0.1.0 and 0.2.0: one address of each family, and its routes with it.
    private static void WriteFamilies(Utf8JsonWriter json, CniResult result)
    {
        WriteFamily(json, "ip4", result, IpFamily.IPv4);
        WriteFamily(json, "ip6", result, IpFamily.IPv6);
    }

    private static void WriteFamily(Utf8JsonWriter json, string key, CniResult result, IpFamily family)
    {
        foreach (CniAddress address in result.Addresses)
        {
            if (address.Address.Family != family) continue;
            json.WriteStartObject(key);
            json.WriteString("ip"u8, $"{address.Address}/{address.PrefixLength}");
            if (address.Gateway is { } gateway) json.WriteString("gateway"u8, gateway.ToString());
            json.WriteStartArray("routes"u8);
            foreach (PodRoute route in result.Routes)
            {
                if (route.Destination.Family == family) WriteRoute(json, route, hasMtu: false);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            return;
        }
    }

    private static void WriteRoute(Utf8JsonWriter json, PodRoute route, bool hasMtu)
    {
        json.WriteStartObject();
        json.WriteString("dst"u8, route.Destination.ToString());
        if (route.Gateway is { } gateway) json.WriteString("gw"u8, gateway.ToString());
        if (hasMtu && route.Mtu > 0) json.WriteNumber("mtu"u8, route.Mtu);
        json.WriteEndObject();
    }

    private static void WriteDns(Utf8JsonWriter json, CniDns dns)
    {
        json.WriteStartObject();
        WriteTexts(json, "nameservers", dns.Nameservers);
        if (dns.Domain.Length > 0) json.WriteString("domain"u8, dns.Domain);
        WriteTexts(json, "search", dns.Search);
        WriteTexts(json, "options", dns.Options);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string key, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartArray(key);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
