using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.State;

/// <summary><c>assignment.json</c>: addresses and prefixes as text.</summary>
internal sealed record AssignmentDocument(
    string? Kind, string? Place, NetworkDocument? Network, string? PublicIP, string? PublicIPv6, string? Subnet,
    string? SubnetV6);

/// <summary>
/// The settings that all nodes have in common, under the names of flannel's net-conf.json where it has one.
/// </summary>
internal sealed record NetworkDocument(
    string? Network, string? IPv6Network, int SubnetLen, int IPv6SubnetLen, uint VNI, ushort Port, int MTU,
    bool DirectRouting);

/// <summary>
/// <c>peers.json</c> and <c>withdrawn.json</c>: leases by their nodes' names, in the order of the file.
/// </summary>
internal sealed record LeaseSetDocument(string? Kind, string? Place, Dictionary<string, JsonElement>? Leases);

/// <summary><c>vtep.json</c>.</summary>
/// <param name="VtepMac">The MAC by the IPv4 underlay.</param>
/// <param name="VtepMacV6">The MAC by the IPv6 underlay; absent where it is the same.</param>
/// <param name="Node">
/// The node that the MACs were made for; absent in files of versions that did not say, and where an operator wrote one.
/// </param>
internal sealed record VtepMacDocument(
    [property: JsonPropertyName("VtepMAC")] JsonElement VtepMac,
    [property: JsonPropertyName(
        "VtepMACv6"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] JsonElement VtepMacV6,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Node);

/// <summary>Serialization without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(AssignmentDocument))]
[JsonSerializable(typeof(LeaseSetDocument))]
[JsonSerializable(typeof(VtepMacDocument))]
[JsonSerializable(typeof(string))]
internal sealed partial class StateJsonContext : JsonSerializerContext;
