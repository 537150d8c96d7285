using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.State;

/// <summary><c>assignment.json</c>: addresses and prefixes as text.</summary>
internal sealed record AssignmentDocument(
    string? Kind, string? Place, NetworkDocument? Network, string? PublicIP, string? PublicIPv6, string? Subnet, string? SubnetV6);

/// <summary>What all nodes have in common, in the words of flannel's net-conf.json where it has one.</summary>
internal sealed record NetworkDocument(
    string? Network, string? IPv6Network, int SubnetLen, int IPv6SubnetLen, uint VNI, ushort Port, int MTU, bool DirectRouting);

/// <summary>The content of vtep.json.</summary>
internal sealed record VtepMacDocument
{
    [JsonPropertyName("VtepMAC")]
    public JsonElement VtepMac { get; init; }

    [JsonPropertyName("VtepMACv6")]
    public JsonElement VtepMacV6 { get; init; }
}

/// <summary>Serialization without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(AssignmentDocument))]
[JsonSerializable(typeof(VtepMacDocument))]
internal sealed partial class StateJsonContext : JsonSerializerContext;
