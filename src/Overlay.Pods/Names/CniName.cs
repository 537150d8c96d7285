namespace Overlay.Pods.Names;

/// <summary>
/// Names that the CNI specification allows. They become names of files and devices, so each is checked wherever it
/// comes from: a runtime, a configuration, or a file on the disk.
/// </summary>
public static class CniName
{
    // IFNAMSIZ with its terminating zero.
    private const int InterfaceNameLimit = 15;

    /// <summary>A network's name or a container's id: a letter or digit, then also <c>_ . -</c>.</summary>
    public static bool IsIdentifier(string text)
    {
        if (text.Length == 0 || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')) return false;
        }

        return true;
    }

    /// <summary>
    /// An interface's name: up to 15 characters, not <c>.</c> or <c>..</c>, without slash, colon and white space.
    /// </summary>
    public static bool IsInterface(string text)
    {
        if (text.Length is 0 or > InterfaceNameLimit || text is "." or "..") return false;
        foreach (char c in text)
        {
            if (c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c)) return false;
        }

        return true;
    }
}
