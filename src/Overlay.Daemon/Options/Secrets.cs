using System.Text.RegularExpressions;

namespace Overlay.Daemon.Options;

/// <summary>
/// Values in the words of reports and errors: what may be a password, a token or a key in them is masked.
/// </summary>
internal static partial class Secrets
{
    /// <summary>Stands in a secret's place.</summary>
    public const string Masked = "***";

    /// <summary>Whether a key's value is a secret, by the key's name, be it misspelt.</summary>
    public static bool IsSecret(string key) => SecretKey().IsMatch(key);

    /// <summary>The value, to be shown.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">A secret, a URL with a user's name and password in it, or anything else.</param>
    public static string Mask(string key, string value) => IsSecret(key) && value.Length > 0
        ? Masked
        : Query().Replace(UserInfo().Replace(value, $"://{Masked}@"), $"$1?{Masked}");

    [GeneratedRegex("pass|pasw|pwd|secret|credential|token$|apikey|accesskey", RegexOptions.IgnoreCase)]
    private static partial Regex SecretKey();

    // Up to the last @: a password may have one too.
    [GeneratedRegex(@"://\S*@")]
    private static partial Regex UserInfo();

    // Collectors of metrics take tokens there.
    [GeneratedRegex(@"(://[^\s?]*)\?\S*")]
    private static partial Regex Query();
}
