using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.State;

/// <summary>Serialization without reflection.</summary>
[JsonSerializable(typeof(AssignmentDocument))]
internal sealed partial class AssignmentJsonContext : JsonSerializerContext;
