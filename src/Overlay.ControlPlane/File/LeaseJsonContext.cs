using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane;

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(LeaseFields))]
[JsonSerializable(typeof(VtepFields))]
[JsonSerializable(typeof(LeaseDocument))]
[JsonSerializable(typeof(VtepMacDocument))]
internal sealed partial class LeaseJsonContext : JsonSerializerContext;
