using System.Globalization;
using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>Reads typed values of one configuration section and collects a line for each that is bad.</summary>
/// <remarks>
/// The configuration binder stops at the first bad value and names a .NET type; an operator wants all of them at once,
/// each with its key, its value and an example.
/// </remarks>
internal sealed class SectionReader(IConfiguration section, string path, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The section below that key.</summary>
    public SectionReader Section(string key)
    {
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a section", "{ … }");
        return new SectionReader(section.GetSection(key), $"{path}:{key}", faults);
    }

    public string Text(string key, string fallback)
    {
        _ = _known.Add(key);
        IConfigurationSection value = section.GetSection(key);
        if (value.GetChildren().Any()) Fault(key, "a section or list", "must be one value", fallback.Length > 0 ? fallback : "eth0");
        return value.Value?.Trim() is { Length: > 0 } text ? text : fallback;
    }

    /// <summary>An absolute path of a file: with a name at its end.</summary>
    public string FilePath(string key, string fallback)
    {
        string text = DirectoryPath(key, fallback);
        if (text.EndsWith('/')) Fault(key, text, "names a directory, not a file", fallback);
        return text;
    }

    /// <summary>An absolute path.</summary>
    public string DirectoryPath(string key, string fallback)
    {
        string text = Text(key, fallback);
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", fallback);
        return text;
    }

    public int Integer(string key, int fallback, int min, int max)
    {
        string text = Text(key, fallback.ToString(CultureInfo.InvariantCulture));
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
            return value;
        Fault(key, text, $"is not a whole number from {min} to {max}", fallback.ToString(CultureInfo.InvariantCulture));
        return fallback;
    }

    public bool Boolean(string key, bool fallback)
    {
        string text = Text(key, fallback ? "true" : "false");
        if (bool.TryParse(text, out bool value)) return value;
        Fault(key, text, "is neither true nor false", "true");
        return fallback;
    }

    /// <summary>An address that a VTEP can have.</summary>
    public IpAddress? Address(string key, IpFamily family, string example)
    {
        string text = Text(key, "");
        if (text.Length == 0) return null;
        bool isAddress = IpAddress.TryParse(text, out IpAddress address) && address.Family == family;
        if (isAddress && VtepAddress.IsUsable(address)) return address;
        Fault(key, text, isAddress ? "is no address that others can send to" : $"is not an {family} address", example);
        return null;
    }

    public IpPrefix? Prefix(string key, IpFamily family, string example)
    {
        string text = Text(key, "");
        return text.Length == 0 ? null : ParsePrefix(key, text, family, example);
    }

    /// <summary>A list of an enum's names; all of <paramref name="fallback"/> where the key is missing.</summary>
    public T Flags<T>(string key, T fallback)
        where T : struct, Enum
    {
        string example = $"[ \"{string.Join("\", \"", Enum.GetNames<T>())}\" ]";
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a list", example);
        IConfigurationSection[] items = [.. section.GetSection(key).GetChildren()];
        if (items.Length == 0) return fallback;
        int flags = 0;
        foreach (IConfigurationSection item in items)
        {
            // Enum.TryParse takes numbers and lists too, which would pass unseen.
            string? name = Enum.GetNames<T>().FirstOrDefault(name => string.Equals(name, item.Value, StringComparison.OrdinalIgnoreCase));
            if (name is null) Fault($"{key}:{item.Key}", item.Value ?? "", "is not one of them", example);
            else flags |= Convert.ToInt32(Enum.Parse<T>(name), CultureInfo.InvariantCulture);
        }

        return (T)Enum.ToObject(typeof(T), flags);
    }

    public IReadOnlyList<IpPrefix> Prefixes(string key, string example)
    {
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a list", $"[ \"{example}\" ]");
        List<IpPrefix> prefixes = [];
        foreach (IConfigurationSection item in section.GetSection(key).GetChildren())
        {
            if (ParsePrefix($"{key}:{item.Key}", item.Value ?? "", null, example) is { } prefix) prefixes.Add(prefix);
        }

        return prefixes;
    }

    /// <summary>Adds a fault about a key of this section.</summary>
    public void Fault(string key, string value, string problem, string example) =>
        faults.Add($"{path}:{key} '{value}' {problem}; example: {example}");

    /// <summary>Adds a fault for every key that nothing has asked for: it is misspelt, or in the wrong place.</summary>
    public void RefuseUnknown()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
                faults.Add($"{path}:{child.Key} '{child.Value}' is not a key; example: one of {string.Join(", ", _known)}");
        }
    }

    private IpPrefix? ParsePrefix(string key, string text, IpFamily? family, string example)
    {
        bool isPrefix = IpPrefix.TryParse(text, out IpPrefix prefix) && (family is null || prefix.Family == family);
        if (isPrefix && VtepAddress.IsUsable(prefix.Address) && VtepAddress.IsUsable(prefix.Last)) return prefix;
        if (isPrefix)
        {
            Fault(key, text, "holds loopback, link-local, multicast or reserved addresses", example);
            return null;
        }

        Fault(key, text, family is null ? "is not a prefix with its host bits zero" : $"is not an {family} prefix with its host bits zero", example);
        return null;
    }
}
