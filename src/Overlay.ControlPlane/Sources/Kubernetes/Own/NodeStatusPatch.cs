using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>A strategic merge patch of this node's own Node, with only the differences.</summary>
internal static class NodeStatusPatch
{
    /// <summary>The reason of the condition that lets pods be scheduled here.</summary>
    public const string Reason = "OverlayIsUp";

    private const string Message = "Overlay carries pod traffic on this node";

    // Plain quotes in values, as flannel and kubectl send them.
    private static readonly JsonWriterOptions _options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="annotations">Annotations to be set; with null, to be removed.</param>
    /// <param name="readySince">
    /// The time at which pods' packets began to flow; null to leave the condition alone.
    /// </param>
    public static byte[] Format(IEnumerable<KeyValuePair<string, string?>> annotations, DateTimeOffset? readySince)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, _options))
        {
            writer.WriteStartObject();
            if (annotations.Any())
            {
                writer.WriteStartObject("metadata");
                writer.WriteStartObject("annotations");
                foreach ((string key, string? value) in annotations) writer.WriteString(key, value);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            if (readySince is { } since)
                WriteCondition(
                    writer, since.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteCondition(Utf8JsonWriter writer, string now)
    {
        writer.WriteStartObject("status");
        writer.WriteStartArray("conditions");
        writer.WriteStartObject();
        writer.WriteString("type", "NetworkUnavailable");
        writer.WriteString("status", "False");
        writer.WriteString("reason", Reason);
        writer.WriteString("message", Message);
        writer.WriteString("lastTransitionTime", now);
        writer.WriteString("lastHeartbeatTime", now);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
