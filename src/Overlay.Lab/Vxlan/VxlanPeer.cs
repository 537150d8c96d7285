using System.Net;
using System.Text.Json.Nodes;

namespace Overlay.Lab.Vxlan;

/// <summary>A node's lease, as the file control plane writes it: where its VTEPs are and what is behind them.</summary>
public sealed record VxlanPeer(
    IPNetwork? Subnet,
    IPAddress? PublicIP,
    string? VtepMac,
    IPNetwork? SubnetV6,
    IPAddress? PublicIPv6,
    string? VtepMacV6)
{
    /// <summary>Reads a lease file, for example one of a daemon of ours.</summary>
    public static VxlanPeer Read(string file)
    {
        JsonObject lease = JsonNode.Parse(File.ReadAllText(file)) as JsonObject
            ?? throw new LabException($"{file} is not a lease");
        return new VxlanPeer(
            Text(lease, nameof(Subnet)) is string v4 ? IPNetwork.Parse(v4) : null,
            Text(lease, nameof(PublicIP)) is string address ? IPAddress.Parse(address) : null,
            Text(lease["BackendData"], "VtepMAC"),
            Text(lease, nameof(SubnetV6)) is string v6 ? IPNetwork.Parse(v6) : null,
            Text(lease, nameof(PublicIPv6)) is string addressV6 ? IPAddress.Parse(addressV6) : null,
            Text(lease["BackendV6Data"], "VtepMAC"));
    }

    /// <summary>Writes a lease file by rename, so that a watcher never reads half of it.</summary>
    public void Write(string file, int vni)
    {
        JsonObject lease = new()
        {
            [nameof(Subnet)] = Subnet?.ToString(),
            [nameof(SubnetV6)] = SubnetV6?.ToString(),
            [nameof(PublicIP)] = PublicIP?.ToString(),
            [nameof(PublicIPv6)] = PublicIPv6?.ToString(),
            ["BackendType"] = "vxlan",
            ["BackendData"] = Backend(VtepMac, vni),
            ["BackendV6Data"] = Backend(VtepMacV6, vni),
        };
        string draft = $"{file}.draft";
        File.WriteAllText(draft, lease.ToJsonString());
        File.Move(draft, file, overwrite: true);
    }

    private static JsonObject? Backend(string? mac, int vni) =>
        mac is null ? null : new JsonObject { ["VNI"] = vni, ["VtepMAC"] = mac };

    private static string? Text(JsonNode? parent, string key) =>
        parent?[key]?.GetValue<string>() is { Length: > 0 } text ? text : null;
}
