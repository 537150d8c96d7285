using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd;

[JsonSerializable(typeof(LeaseValueDocument))]
internal sealed partial class LeaseValueJsonContext : JsonSerializerContext;
