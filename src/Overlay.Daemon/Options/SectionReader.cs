using System.Globalization;
using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Reads typed values of one configuration section and collects a line for each that is bad.</summary>
/// <remarks>
/// The configuration binder stops at the first bad value and names a .NET type; an operator wants all of them at once,
/// each with its key, its value and an example.
/// </remarks>
internal sealed class SectionReader(IConfiguration section, string path, List<string> faults, bool isUsed = true)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The section below that key.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="isUsed">False where its values are of no use: then only its keys are checked.</param>
    public SectionReader Section(string key, bool isUsed = true)
    {
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a section", "{ … }");
        return new SectionReader(section.GetSection(key), $"{path}:{key}", faults, isUsed);
    }

    /// <summary>The key has a value, whether a good one or not.</summary>
    public bool IsGiven(string key) => section.GetSection(key) is { } given && (given.Value?.Trim().Length > 0 || given.GetChildren().Any());

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

    /// <summary>An absolute path of a file that is there; null where the key is missing.</summary>
    public string? ExistingFile(string key, string example)
    {
        if (OptionalText(key) is not { } text) return null;
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", example);
        else if (!File.Exists(text)) Fault(key, text, "does not exist, or is no file", example);
        return text;
    }

    /// <summary>A text; null where the key is missing.</summary>
    public string? OptionalText(string key) => Text(key, "") is { Length: > 0 } text ? text : null;

    /// <summary>An http or https address; null where the key is missing.</summary>
    public Uri? Url(string key, string example) => OptionalText(key) is { } text ? ParseUrl(key, text, example) : null;

    /// <summary>A list of http or https addresses; the fallback alone where the key is missing.</summary>
    public IReadOnlyList<Uri> Urls(string key, string fallback)
    {
        string example = $"[ \"{fallback}\" ]";
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a list", example);
        List<Uri> urls = [];
        foreach (IConfigurationSection item in section.GetSection(key).GetChildren())
        {
            if (ParseUrl($"{key}:{item.Key}", item.Value ?? "", example) is { } url) urls.Add(url);
        }

        return urls.Count > 0 ? urls : [new Uri(fallback)];
    }

    /// <summary>One name of an enum, in whatever case.</summary>
    public T Choice<T>(string key, T fallback)
        where T : struct, Enum
    {
        string text = Text(key, fallback.ToString());
        if (NameOf<T>(text) is { } name) return Enum.Parse<T>(name);
        Fault(key, text, $"is none of {string.Join(", ", Enum.GetNames<T>())}", fallback.ToString());
        return fallback;
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
            string? name = NameOf<T>(item.Value);
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

    /// <summary>Adds a fault about a key of this section, where its values are of use.</summary>
    public void Fault(string key, string value, string problem, string example)
    {
        if (isUsed) faults.Add($"{path}:{key} '{value}' {problem}; example: {example}");
    }

    /// <summary>Adds a fault for every key that nothing has asked for: it is misspelt, or in the wrong place.</summary>
    public void RefuseUnknown()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
                faults.Add($"{path}:{child.Key} '{child.Value}' is not a key; example: one of {string.Join(", ", _known)}");
        }
    }

    // Enum.TryParse takes numbers and lists too, which would pass unseen.
    private static string? NameOf<T>(string? text)
        where T : struct, Enum =>
        Enum.GetNames<T>().FirstOrDefault(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));

    private Uri? ParseUrl(string key, string text, string example)
    {
        if (Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)) return url;
        Fault(key, text, "is no http:// or https:// address", example);
        return null;
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
