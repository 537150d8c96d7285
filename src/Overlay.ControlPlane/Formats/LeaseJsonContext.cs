using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.ControlPlane.State;

namespace Overlay.ControlPlane.Formats;

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(LeaseFields))]
[JsonSerializable(typeof(VtepFields))]
[JsonSerializable(typeof(LeaseDocument))]
[JsonSerializable(typeof(VtepMacDocument))]
internal sealed partial class LeaseJsonContext : JsonSerializerContext;
