using System.Text.Json.Serialization;
using Overlay.Daemon.Admin;

namespace Overlay.Daemon.StatusPage;

/// <summary>The form of an event's data: one line of JSON, camelCase, as the reports have it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(PagePeers))]
internal sealed partial class PageJson : JsonSerializerContext;
