namespace Overlay.ControlPlane.Leases;

/// <summary>
/// The rule for node names: a DNS-1123 subdomain, as Kubernetes has it, upper case and underscore also taken.
/// </summary>
public static class NodeName
{
    /// <summary>The longest name, in characters: Kubernetes'.</summary>
    public const int MaxLength = 253;

    /// <summary>
    /// The longest that files are named by: with what a file being written adds to it, a file name may have 255.
    /// </summary>
    public const int MaxFileLength = 245;

    /// <summary>Letters, digits and underscore at both ends; between them also dots and hyphens.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength } && IsEnd(name[0]) && IsEnd(name[^1])
        && name.All(static c => IsEnd(c) || c is '.' or '-');

    /// <summary>The same for a node whose lease is a file of its name.</summary>
    public static bool IsValidForFile(string? name) => IsValid(name) && name!.Length <= MaxFileLength;

    private static bool IsEnd(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
