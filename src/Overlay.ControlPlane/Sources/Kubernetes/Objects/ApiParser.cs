using System.Text.Json;

namespace Overlay.ControlPlane.Sources.Kubernetes.Objects;

/// <summary>
/// Reads the members that are of use here from the API's JSON, and skips the rest, which is most of it. Never throws.
/// </summary>
/// <typeparam name="T">The kind of objects. A Status and a list's metadata are read as one of them.</typeparam>
internal abstract class ApiParser<T> where T : ApiObject, new()
{
    // Objects of the API nest a dozen deep; this is far beyond.
    private static readonly JsonReaderOptions _options = new() { MaxDepth = 256 };

    /// <summary>An object or a Status; null for text that is no JSON object.</summary>
    public T? ReadObject(ReadOnlySpan<byte> json)
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
    public T? ReadMetadata(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, _options);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            T list = new();
            Metadata(ref reader, list);
            return list;
        }
        catch (Exception exception) when (IsBadJson(exception))
        {
            return null;
        }
    }

    /// <summary>Parses an event of a watch; null for text that is none.</summary>
    public ApiEvent<T>? ReadEvent(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, _options);
        try
        {
            string? type = null;
            T? about = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (NextMember(ref reader))
            {
                if (reader.ValueTextEquals("type"u8)) type = Text(ref reader, null, "type");
                else if (reader.ValueTextEquals("object"u8) && IsNext(ref reader, JsonTokenType.StartObject))
                    about = Object(ref reader);
                else reader.Skip();
            }

            return type is null || about is null ? null : new(type, about);
        }
        catch (Exception exception) when (IsBadJson(exception))
        {
            return null;
        }
    }

    // InvalidOperationException for a name whose escapes are no valid text.
    private static bool IsBadJson(Exception exception) => exception is JsonException or InvalidOperationException;

    /// <summary>
    /// Reads a member other than <c>metadata</c>; false where it is of no use, and then the reader has not moved.
    /// </summary>
    protected virtual bool ReadMember(ref Utf8JsonReader reader, T read) => false;

    /// <summary>Reads an annotation; false where it is of no use, and then the reader has not moved.</summary>
    protected virtual bool ReadAnnotation(ref Utf8JsonReader reader, T read) => false;

    private T Object(ref Utf8JsonReader reader)
    {
        T read = new();
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8) && IsNext(ref reader, JsonTokenType.StartObject))
                Metadata(ref reader, read);
            else if (reader.ValueTextEquals("message"u8)) read.Message = Text(ref reader, null, "message");
            else if (reader.ValueTextEquals("code"u8) && IsNext(ref reader, JsonTokenType.Number))
                read.Code = reader.TryGetInt32(out int code) ? code : 0;
            else if (!ReadMember(ref reader, read)) reader.Skip();
        }

        return read;
    }

    private void Metadata(ref Utf8JsonReader reader, T read)
    {
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("name"u8)) read.Name = Text(ref reader, read, "metadata.name") ?? "";
            else if (reader.ValueTextEquals("uid"u8)) read.Uid = Text(ref reader, read, "metadata.uid");
            else if (reader.ValueTextEquals("resourceVersion"u8))
                read.ResourceVersion = Text(ref reader, read, "metadata.resourceVersion");
            else if (reader.ValueTextEquals("continue"u8)) read.Continue = Text(ref reader, read, "metadata.continue");
            else if (reader.ValueTextEquals("annotations"u8) && IsNext(ref reader, JsonTokenType.StartObject))
                Annotations(ref reader, read);
            else reader.Skip();
        }

        if (read.Continue is "") read.Continue = null;
    }

    private void Annotations(ref Utf8JsonReader reader, T read)
    {
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("k8s.io/initial-events-end"u8))
                read.EndsInitialEvents = Text(ref reader, null, "annotation") is "true";
            else if (!ReadAnnotation(ref reader, read)) reader.Skip();
        }
    }

    protected static bool NextMember(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Moves to the member's value if it is of that kind; else stays, for Skip to pass over both.</summary>
    protected static bool IsNext(ref Utf8JsonReader reader, JsonTokenType type)
    {
        Utf8JsonReader ahead = reader;
        if (!ahead.Read() || ahead.TokenType != type) return false;
        reader = ahead;
        return true;
    }

    protected static string? Text(ref Utf8JsonReader reader, ApiObject? read, string name)
    {
        _ = reader.Read();
        return Value(ref reader, read, name);
    }

    protected static string? Value(ref Utf8JsonReader reader, ApiObject? read, string name)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        try
        {
            if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // "\ud800": half a surrogate pair passes the JSON grammar. Reported below like any other bad value.
        }

        if (read is not null) read.Malformed ??= $"{name} is no text";
        reader.Skip();
        return null;
    }
}
