using System.Globalization;
using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>
/// Reads typed values of one configuration section, and collects its keys and a line for each bad value.
/// </summary>
/// <remarks>
/// The configuration binder stops at the first bad value and names a .NET type; an operator wants all of them at once,
/// each with its key, its value and an example. Every method's last argument is the key's meaning, which
/// <see cref="ConfigurationKeys"/> collects for the documentation.
/// </remarks>
internal sealed class SectionReader(IConfiguration section, string path, ReadingState state, bool isUsed = true)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The section below that key.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="isUsed">False where its values are of no use: then only its keys are checked.</param>
    public SectionReader Section(string key, bool isUsed = true)
    {
        _ = _known.Add(key);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a section", "{ … }");
        return new SectionReader(section.GetSection(key), $"{path}:{key}", state, isUsed);
    }

    /// <summary>The key has a value, whether a good one or not.</summary>
    public bool IsGiven(string key) =>
        section.GetSection(key) is { } given && (given.Value?.Trim().Length > 0 || given.GetChildren().Any());

    /// <summary>A text; the fallback where the key is missing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="fallback">The key's default.</param>
    /// <param name="example">A value that is right.</param>
    /// <param name="meaning">What the key is for.</param>
    /// <param name="type">Which texts the key takes.</param>
    /// <param name="shownDefault">The default in words, where it depends on the host.</param>
    public string Text(
        string key, string fallback, string example, string meaning, string type = "text", string? shownDefault = null)
    {
        Note(key, type, shownDefault ?? fallback, example, meaning);
        IConfigurationSection value = section.GetSection(key);
        if (value.GetChildren().Any()) Fault(key, "a section or list", "must be one value", example);
        return value.Value?.Trim() is { Length: > 0 } text ? text : fallback;
    }

    /// <summary>A text; null where the key is missing.</summary>
    public string? OptionalText(string key, string example, string meaning, string type = "text") =>
        Text(key, "", example, meaning, type) is { Length: > 0 } text ? text : null;

    /// <summary>An absolute path of a file: with a name at its end.</summary>
    public string FilePath(
        string key, string fallback, string meaning, string? shownDefault = null, string? example = null)
    {
        string text = Text(key, fallback, example ?? fallback, meaning, "absolute path of a file", shownDefault);
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", example ?? fallback);
        if (text.EndsWith('/')) Fault(key, text, "names a directory, not a file", example ?? fallback);
        return text;
    }

    /// <summary>An absolute path.</summary>
    public string DirectoryPath(string key, string fallback, string meaning)
    {
        string text = Text(key, fallback, fallback, meaning, "absolute path of a directory");
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", fallback);
        return text;
    }

    /// <summary>
    /// An absolute path; where the key is missing, the places to look for one, of which the last is the example.
    /// </summary>
    public IReadOnlyList<string> DirectoryOf(string key, IReadOnlyList<string> fallback, string meaning)
    {
        string shown = string.Join(" or ", fallback);
        string text = Text(key, "", fallback[^1], meaning, "absolute path of a directory", shown);
        if (text.Length == 0) return fallback;
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", fallback[^1]);
        return [text];
    }

    /// <summary>An absolute path of a file that exists; null where the key is missing.</summary>
    public string? ExistingFile(string key, string example, string meaning)
    {
        if (OptionalText(key, example, meaning, "absolute path of a file that exists") is not { } text) return null;
        if (!text.StartsWith('/')) Fault(key, text, "is not an absolute path", example);
        else if (!File.Exists(text)) Fault(key, text, "does not exist, or is no file", example);
        return text;
    }

    /// <summary>One name of an enum, in whatever case.</summary>
    public T Choice<T>(string key, T fallback, string meaning)
        where T : struct, Enum
    {
        string names = string.Join(", ", Enum.GetNames<T>());
        string text = Text(key, fallback.ToString(), fallback.ToString(), meaning, $"one of {names}");
        if (NameOf<T>(text) is { } name) return Enum.Parse<T>(name);
        Fault(key, text, $"is none of {names}", fallback.ToString());
        return fallback;
    }

    public int Integer(string key, int fallback, int min, int max, string meaning)
    {
        string example = fallback.ToString(CultureInfo.InvariantCulture);
        string text = Text(key, example, example, meaning, $"whole number from {min} to {max}");
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= min && value <= max)
            return value;
        Fault(key, text, $"is not a whole number from {min} to {max}", example);
        return fallback;
    }

    public bool Boolean(string key, bool fallback, string meaning)
    {
        string text = Text(key, fallback ? "true" : "false", "true", meaning, "true or false");
        if (bool.TryParse(text, out bool value)) return value;
        Fault(key, text, "is neither true nor false", "true");
        return fallback;
    }

    /// <summary>An address that a VTEP can have; null where the key is missing.</summary>
    public IpAddress? Address(string key, IpFamily family, string example, string meaning)
    {
        if (OptionalText(key, example, meaning, $"{family} address") is not { } text) return null;
        bool isAddress = IpAddress.TryParse(text, out IpAddress address) && address.Family == family;
        if (isAddress && VtepAddress.IsUsable(address)) return address;
        Fault(key, text, isAddress ? "is no address that others can send to" : $"is not an {family} address", example);
        return null;
    }

    /// <summary>A prefix of that family; null where the key is missing.</summary>
    public IpPrefix? Prefix(string key, IpFamily family, string example, string meaning) =>
        OptionalText(key, example, meaning, $"{family} prefix") is { } text
            ? ParsePrefix(key, text, family, example)
            : null;

    /// <summary>A list of prefixes of either family; empty where the key is missing.</summary>
    public IReadOnlyList<IpPrefix> Prefixes(string key, string example, string meaning) =>
    [
        .. Items(key, "list of IPv4 and IPv6 prefixes", "", $"[ \"{example}\" ]", meaning)
            .Select(item => ParsePrefix(item.Key, item.Value, null, example)).OfType<IpPrefix>(),
    ];

    /// <summary>An http or https address; null where the key is missing.</summary>
    public Uri? Url(string key, string example, string meaning) =>
        OptionalText(key, example, meaning, "http or https URL") is { } text ? ParseUrl(key, text, example) : null;

    /// <summary>A list of http or https addresses; the fallback alone where the key is missing.</summary>
    public IReadOnlyList<Uri> Urls(string key, string fallback, string meaning)
    {
        string example = $"[ \"{fallback}\" ]";
        Uri[] urls = [.. Items(key, "list of http or https URLs", example, example, meaning)
            .Select(item => ParseUrl(item.Key, item.Value, example)).OfType<Uri>()];
        return urls.Length > 0 ? urls : [new Uri(fallback)];
    }

    /// <summary>A list of an enum's names; all of <paramref name="fallback"/> where the key is missing.</summary>
    public T Flags<T>(string key, T fallback, string meaning)
        where T : struct, Enum
    {
        string example = $"[ \"{string.Join("\", \"", Enum.GetNames<T>())}\" ]";
        (string Key, string Value)[] items =
            [.. Items(key, $"list of {string.Join(", ", Enum.GetNames<T>())}", fallback.ToString(), example, meaning)];
        if (items.Length == 0) return fallback;
        int flags = 0;
        foreach ((string itemKey, string value) in items)
        {
            string? name = NameOf<T>(value);
            if (name is null) Fault(itemKey, value, "is not one of them", example);
            else flags |= Convert.ToInt32(Enum.Parse<T>(name), CultureInfo.InvariantCulture);
        }

        return (T)Enum.ToObject(typeof(T), flags);
    }

    /// <summary>Adds a fault about a key of this section, where its values are of use.</summary>
    public void Fault(string key, string value, string problem, string example)
    {
        if (isUsed) state.Faults.Add($"{path}:{key} '{Secrets.Mask(key, value)}' {problem}; example: {example}");
    }

    /// <summary>Adds a fault for every key that nothing has asked for: it is misspelt, or in the wrong place.</summary>
    /// <remarks>Where a section has a secret, any misspelt key may be meant for it.</remarks>
    public void RefuseUnknown()
    {
        bool hasSecret = _known.Any(Secrets.IsSecret);
        foreach (IConfigurationSection child in section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            string value = hasSecret && child.Value?.Length > 0
                ? Secrets.Masked
                : Secrets.Mask(child.Key, child.Value ?? "");
            state.Faults.Add(
                $"{path}:{child.Key} '{value}' is not a key; example: one of {string.Join(", ", _known)}");
        }
    }

    // Enum.TryParse takes numbers and lists too, which would pass unseen.
    private static string? NameOf<T>(string? text)
        where T : struct, Enum =>
        Enum.GetNames<T>().FirstOrDefault(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<(string Key, string Value)> Items(
        string key, string type, string shownDefault, string example, string meaning)
    {
        Note(key, type, shownDefault, example, meaning);
        if (section[key] is { Length: > 0 } value) Fault(key, value, "must be a list", example);
        return section.GetSection(key).GetChildren().Select(item => ($"{key}:{item.Key}", item.Value ?? ""));
    }

    private void Note(string key, string type, string shownDefault, string example, string meaning)
    {
        _ = _known.Add(key);
        state.Keys.Add(new ConfigurationKey($"{path}:{key}", type, shownDefault, example, meaning));
    }

    private Uri? ParseUrl(string key, string text, string example)
    {
        if (Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)) return url;
        Fault(key, text, "is no http:// or https:// address", example);
        return null;
    }

    private IpPrefix? ParsePrefix(string key, string text, IpFamily? family, string example)
    {
        bool isPrefix = IpPrefix.TryParse(text, out IpPrefix prefix) && (family is null || prefix.Family == family);
        if (isPrefix && VtepAddress.IsUsable(prefix.Address) && VtepAddress.IsUsable(prefix.Last)) return prefix;
        string problem = isPrefix ? "holds loopback, link-local, multicast or reserved addresses"
            : family is null ? "is not a prefix with its host bits zero"
            : $"is not an {family} prefix with its host bits zero";
        Fault(key, text, problem, example);
        return null;
    }
}
