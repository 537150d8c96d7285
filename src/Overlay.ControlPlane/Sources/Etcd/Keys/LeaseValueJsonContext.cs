using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

[JsonSerializable(typeof(LeaseValueDocument))]
internal sealed partial class LeaseValueJsonContext : JsonSerializerContext;
