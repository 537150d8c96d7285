using System.Text.Json;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>Reads Nodes. Never throws.</summary>
internal sealed class NodeParser(AnnotationKeys keys) : ApiParser<ApiNode>
{
    protected override bool ReadMember(ref Utf8JsonReader reader, ApiNode read)
    {
        if (reader.ValueTextEquals("spec"u8) && IsNext(ref reader, JsonTokenType.StartObject)) Spec(ref reader, read);
        else if (reader.ValueTextEquals("status"u8) && IsNext(ref reader, JsonTokenType.StartObject))
            Status(ref reader, read);
        else return false;
        return true;
    }

    protected override bool ReadAnnotation(ref Utf8JsonReader reader, ApiNode read)
    {
        if (!reader.ValueSpan.StartsWith(keys.Utf8Prefix) && !reader.ValueIsEscaped) return false;
        string key = reader.GetString()!;
        if (!key.StartsWith(keys.Prefix, StringComparison.Ordinal)) return false;
        if (Text(ref reader, read, $"annotation {ShownText.Of(key)}") is { } value) read.Annotations[key] = value;
        return true;
    }

    private static void Spec(ref Utf8JsonReader reader, ApiNode read)
    {
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("podCIDR"u8)) read.PodCidr = Text(ref reader, read, "spec.podCIDR");
            else if (reader.ValueTextEquals("podCIDRs"u8) && IsNext(ref reader, JsonTokenType.StartArray))
            {
                read.PodCidrs.Clear();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (Value(ref reader, read, "spec.podCIDRs") is { } podCidr) read.PodCidrs.Add(podCidr);
                }
            }
            else reader.Skip();
        }
    }

    private static void Status(ref Utf8JsonReader reader, ApiNode read)
    {
        while (NextMember(ref reader))
        {
            if (!reader.ValueTextEquals("conditions"u8) || !IsNext(ref reader, JsonTokenType.StartArray))
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject) Condition(ref reader, read);
                else reader.Skip();
            }
        }
    }

    private static void Condition(ref Utf8JsonReader reader, ApiNode read)
    {
        string? type = null;
        string? status = null;
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("type"u8)) type = Text(ref reader, null, "type");
            else if (reader.ValueTextEquals("status"u8)) status = Text(ref reader, null, "status");
            else reader.Skip();
        }

        if (type == "NetworkUnavailable") read.NetworkUnavailable = status;
    }
}
