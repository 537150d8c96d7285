using System.Text.Json.Serialization;

namespace Overlay.ControlPlane;

[JsonSerializable(typeof(LeaseValueDocument))]
internal sealed partial class LeaseValueJsonContext : JsonSerializerContext;
