using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>
/// An object of the configuration on stdin. A key that is missing or null has the default; a wrong type is named.
/// </summary>
/// <param name="element">An object, or undefined: one without keys.</param>
/// <param name="path">Of the object, with a dot at its end; empty for the whole.</param>
internal readonly struct CniObject(JsonElement element, string path)
{
    public JsonElement Element => element;

    public bool IsPresent => element.ValueKind == JsonValueKind.Object;

    public bool Has(string key) => TryGet(key, out _);

    /// <summary>The key is there, be it with null: a program in Go writes an empty list so.</summary>
    public bool Names(string key) =>
        element.ValueKind == JsonValueKind.Object && TryFind(key, out _);

    public string Text(string key, string otherwise = "", string example = "a text") =>
        !TryGet(key, out JsonElement value)
        ? otherwise
        : TryText(value, out string text) ? text : throw Wrong(key, value, example);

    /// <summary>The key has that text; false for another kind of value, too.</summary>
    public bool IsText(string key, string wanted) =>
        TryGet(key, out JsonElement value) && TryText(value, out string text) && text == wanted;

    public bool Flag(string key, bool otherwise) => !TryGet(key, out JsonElement value)
        ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Wrong(key, value, "true");

    public uint Number(string key, uint otherwise, uint most, string example) => !TryGet(key, out JsonElement value)
        ? otherwise
        : value.ValueKind == JsonValueKind.Number
            && value.TryGetUInt32(out uint number) && number <= most ? number : throw Wrong(key, value, example);

    public CniObject Object(string key) => !TryGet(key, out JsonElement value)
        ? new(default, $"{path}{key}.")
        : value.ValueKind == JsonValueKind.Object
            ? new(value, $"{path}{key}.")
            : throw Wrong(key, value, "an object { … }");

    public IReadOnlyList<CniObject> Objects(string key)
    {
        List<CniObject> objects = [];
        foreach (JsonElement item in Items(key))
        {
            if (item.ValueKind != JsonValueKind.Object) throw Wrong(key, item, "an object { … } as item");
            objects.Add(new(item, $"{path}{key}[{objects.Count}]."));
        }

        return objects;
    }

    public IReadOnlyList<string> Texts(string key)
    {
        List<string> texts = [];
        foreach (JsonElement item in Items(key))
            texts.Add(TryText(item, out string text) ? text : throw Wrong(key, item, "a list of texts"));
        return texts;
    }

    public IReadOnlyList<JsonElement> Items(string key)
    {
        if (!TryGet(key, out JsonElement value)) return [];
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray()]
            : throw Wrong(key, value, "a list [ … ]");
    }

    public IpAddress? Address(string key) => !TryGet(key, out JsonElement value)
        ? null
        : TryText(value, out string text) && IpAddress.TryParse(text, out IpAddress address)
            ? address
            : throw Wrong(key, value, "10.244.1.1");

    /// <summary>A prefix, whose host bits may be set if the caller takes them as an address.</summary>
    public (IpAddress Address, int Length)? AddressWithLength(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        return TryText(value, out string text) && PrefixedAddress.TryParse(text, out IpAddress address, out int length)
            ? (address, length)
            : throw Wrong(key, value, "10.244.1.0/24");
    }

    public IpPrefix? Prefix(string key)
    {
        if (AddressWithLength(key) is not { } read) return null;
        IpPrefix prefix = new(read.Address, read.Length);
        return prefix.Address == read.Address
            ? prefix
            : throw Wrong(key, element.GetProperty(key), $"{prefix} (without host bits)");
    }

    /// <summary>Code 7, naming key, value and an example.</summary>
    public CniException Wrong(string key, JsonElement value, string example) =>
        new(CniErrorCode.InvalidConfiguration, $"{path}{key}: {value.GetRawText()} is not valid; example: {example}");

    public CniException Wrong(string key, string reason) =>
        new(CniErrorCode.InvalidConfiguration, $"{path}{key}: {reason}");

    // Half a surrogate pair and a zero are JSON, and no text that a file or an interface could be named by.
    private static bool TryText(JsonElement value, out string text)
    {
        text = "";
        if (value.ValueKind != JsonValueKind.String) return false;
        try
        {
            text = value.GetString()!;
            return !text.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private bool TryGet(string key, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object
            && TryFind(key, out value) && value.ValueKind != JsonValueKind.Null;
    }

    // A key with half a surrogate pair is JSON too, and whoever compares it with another one is to read it.
    private bool TryFind(string key, out JsonElement value)
    {
        try
        {
            return element.TryGetProperty(key, out value);
        }
        catch (InvalidOperationException)
        {
            throw new CniException(
                CniErrorCode.Decoding,
                $"{path}{key} cannot be looked for: a key beside it is no text, as \"\\ud800\" is none");
        }
    }
}
