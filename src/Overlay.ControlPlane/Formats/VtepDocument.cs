using System.Text.Json.Serialization;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>flannel's backend-data, written in exactly this order and with nothing more: flannel reads its own back by text.</summary>
internal sealed record VtepDocument(
    [property: JsonPropertyName("VNI")] uint Vni,
    [property: JsonPropertyName("VtepMAC")] string VtepMac)
{
    public static VtepDocument? Of(VtepData? vtep) =>
        vtep is null ? null : new(vtep.Vni.Value, vtep.Mac?.ToString() ?? "");
}
