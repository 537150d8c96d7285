namespace Overlay.Cni.Protocol;

/// <summary>What the CNI specification allows as names.</summary>
internal static class CniName
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
            if (c is '/' or ':' || char.IsWhiteSpace(c)) return false;
        }

        return true;
    }

    /// <summary>
    /// The host side's name for an attachment. It follows from the attachment alone, so that DEL needs no state.
    /// </summary>
    public static string HostInterface(string network, string containerId, string interfaceName)
    {
        // FNV-1a, of which 48 bits fill the name: an attachment has it for life, so it may never change.
        ulong hash = 14695981039346656037;
        foreach (char c in $"{network}\n{containerId}\n{interfaceName}") hash = unchecked((hash ^ c) * 1099511628211);
        return $"ov{(hash ^ (hash >> 48)) & 0xffff_ffff_ffff:x12}";
    }
}
