using System.Globalization;
using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>
/// Reads values of net-conf.json and keeps the first problem: an operator mends one problem at a time.
/// </summary>
/// <remarks>
/// As in Go, null leaves a value at its default, and any other kind than the expected one is an error.
/// </remarks>
internal sealed class NetConfReader
{
    /// <summary>One sentence; null while all is well.</summary>
    public string? Error { get; private set; }

    public void Fail(string error) => Error ??= error;

    public bool Flag(JsonField field, bool otherwise)
    {
        if (field.IsAbsent) return otherwise;
        if (field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False) return field.Value.GetBoolean();
        Fail(field.IsNot("true or false"));
        return otherwise;
    }

    /// <summary>A whole number; the bounds are part of the sentence.</summary>
    public int Number(JsonField field, int otherwise, int max, int example)
    {
        if (field.IsAbsent) return otherwise;
        if (field.Value.ValueKind == JsonValueKind.Number
            && field.Value.TryGetInt32(out int number) && number >= 0 && number <= max)
            return number;
        Fail(field.IsNot($"a number from 0 to {max} such as {example}"));
        return otherwise;
    }

    /// <summary>A prefix. Host bits are dropped, as flannel does: a cluster may have run with them for years.</summary>
    public IpPrefix? Prefix(JsonField field, IpFamily family, string example)
    {
        if (field.IsAbsent) return null;
        if (field.TryGetText(out string? text))
        {
            int slash = text.IndexOf('/', StringComparison.Ordinal);
            if (slash > 0 && IpAddress.TryParse(text[..slash], out IpAddress address) && address.Family == family
                && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                && length <= address.Bits)
                return new(address, length);
        }

        Fail(field.IsNot($"an {family} prefix such as \"{example}\""));
        return null;
    }

    public IpAddress? Address(JsonField field, IpFamily family, string example)
    {
        if (field.IsAbsent) return null;
        if (field.TryGetText(out string? text)
            && IpAddress.TryParse(text, out IpAddress address) && address.Family == family)
            return address;
        Fail(field.IsNot($"an {family} address such as \"{example}\""));
        return null;
    }
}
