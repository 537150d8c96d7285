using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>A named value of a document, which can be described in one sentence when it is wrong.</summary>
internal readonly record struct JsonField(string Name, JsonElement Value)
{
    public bool IsAbsent => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The string; false for another kind, and for one whose escapes are no valid text.</summary>
    public bool TryGetText([NotNullWhen(true)] out string? text)
    {
        text = null;
        if (Value.ValueKind != JsonValueKind.String) return false;
        try
        {
            text = Value.GetString();
        }
        catch (InvalidOperationException)
        {
            // "\ud800": half a surrogate pair passes the JSON grammar. The caller reports it like any other bad value.
        }

        return text is not null;
    }

    /// <param name="expected">The expected value, with an example.</param>
    public string IsNot(string expected) => Value.ValueKind == JsonValueKind.Undefined
        ? $"{Name} is missing; it should be {expected}"
        : $"{Name} is {ShownText.Of(Value.GetRawText())}, not {expected}";
}
