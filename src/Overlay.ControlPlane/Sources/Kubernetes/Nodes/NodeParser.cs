using System.Text.Json;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>Reads from the API's JSON what is of use here, and skips the rest, which is most of it. Never throws.</summary>
internal sealed class NodeParser(AnnotationKeys keys)
{
    // A Node of the API nests a dozen deep; what goes beyond this is none.
    private static readonly JsonReaderOptions _options = new() { MaxDepth = 256 };

    /// <summary>A Node, a Status or a list's metadata; null for what is no JSON object.</summary>
    public ApiObject? ReadObject(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, _options);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Object(ref reader) : null;
        }
        catch (Exception exception) when (IsBadJson(exception))
        {
            return null;
        }
    }

    /// <summary>The metadata of a list, which is read as that of an object.</summary>
    public ApiObject? ReadMetadata(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, _options);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            ApiObject list = new();
            Metadata(ref reader, list);
            return list;
        }
        catch (Exception exception) when (IsBadJson(exception))
        {
            return null;
        }
    }

    /// <summary>One event of a watch; null for what is none.</summary>
    public ApiEvent? ReadEvent(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, _options);
        try
        {
            string? type = null;
            ApiObject? about = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (NextMember(ref reader))
            {
                if (reader.ValueTextEquals("type"u8)) type = Text(ref reader, null, "type");
                else if (reader.ValueTextEquals("object"u8) && IsNext(ref reader, JsonTokenType.StartObject)) about = Object(ref reader);
                else reader.Skip();
            }

            return type is null || about is null ? null : new(type, about);
        }
        catch (Exception exception) when (IsBadJson(exception))
        {
            return null;
        }
    }

    // The latter for a name whose escapes are no valid text.
    private static bool IsBadJson(Exception exception) => exception is JsonException or InvalidOperationException;

    private ApiObject Object(ref Utf8JsonReader reader)
    {
        ApiObject read = new();
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8) && IsNext(ref reader, JsonTokenType.StartObject)) Metadata(ref reader, read);
            else if (reader.ValueTextEquals("spec"u8) && IsNext(ref reader, JsonTokenType.StartObject)) Spec(ref reader, read);
            else if (reader.ValueTextEquals("status"u8) && IsNext(ref reader, JsonTokenType.StartObject)) Status(ref reader, read);
            else if (reader.ValueTextEquals("message"u8)) read.Message = Text(ref reader, null, "message");
            else if (reader.ValueTextEquals("code"u8) && IsNext(ref reader, JsonTokenType.Number)) read.Code = reader.TryGetInt32(out int code) ? code : 0;
            else reader.Skip();
        }

        return read;
    }

    private void Metadata(ref Utf8JsonReader reader, ApiObject read)
    {
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("name"u8)) read.Name = Text(ref reader, read, "metadata.name") ?? "";
            else if (reader.ValueTextEquals("uid"u8)) read.Uid = Text(ref reader, read, "metadata.uid");
            else if (reader.ValueTextEquals("resourceVersion"u8)) read.ResourceVersion = Text(ref reader, read, "metadata.resourceVersion");
            else if (reader.ValueTextEquals("continue"u8)) read.Continue = Text(ref reader, read, "metadata.continue");
            else if (reader.ValueTextEquals("annotations"u8) && IsNext(ref reader, JsonTokenType.StartObject)) Annotations(ref reader, read);
            else reader.Skip();
        }

        if (read.Continue is "") read.Continue = null;
    }

    private void Annotations(ref Utf8JsonReader reader, ApiObject read)
    {
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("k8s.io/initial-events-end"u8)) read.EndsInitialEvents = Text(ref reader, null, "annotation") is "true";
            else if (reader.ValueSpan.StartsWith(keys.Utf8Prefix) || reader.ValueIsEscaped)
            {
                string key = reader.GetString()!;
                if (!key.StartsWith(keys.Prefix, StringComparison.Ordinal)) reader.Skip();
                else if (Text(ref reader, read, $"annotation {key}") is { } value) read.Annotations[key] = value;
            }
            else reader.Skip();
        }
    }

    private static void Spec(ref Utf8JsonReader reader, ApiObject read)
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

    private static void Status(ref Utf8JsonReader reader, ApiObject read)
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

    private static void Condition(ref Utf8JsonReader reader, ApiObject read)
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

    private static bool NextMember(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Goes on to the member's value if it is of that kind; else stays, for Skip to pass over both.</summary>
    private static bool IsNext(ref Utf8JsonReader reader, JsonTokenType type)
    {
        Utf8JsonReader ahead = reader;
        if (!ahead.Read() || ahead.TokenType != type) return false;
        reader = ahead;
        return true;
    }

    private static string? Text(ref Utf8JsonReader reader, ApiObject? read, string name)
    {
        _ = reader.Read();
        return Value(ref reader, read, name);
    }

    private static string? Value(ref Utf8JsonReader reader, ApiObject? read, string name)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        try
        {
            if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // "\ud800": half a surrogate pair passes the JSON grammar. Said below, as of any other bad value.
        }

        if (read is not null) read.Malformed ??= $"{name} is no text";
        reader.Skip();
        return null;
    }
}
