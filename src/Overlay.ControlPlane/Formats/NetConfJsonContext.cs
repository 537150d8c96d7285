using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Formats;

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(NetConfFields))]
[JsonSerializable(typeof(NetConfBackendFields))]
internal sealed partial class NetConfJsonContext : JsonSerializerContext;
