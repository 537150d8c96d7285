using System.Text;

namespace Overlay.Daemon.Options;

/// <summary>The rules for names of network interfaces (dev_valid_name in the kernel's net/core/dev.c).</summary>
internal static class InterfaceName
{
    // IFNAMSIZ is 16, with the zero at the end.
    private const int LongestBytes = 15;

    /// <summary>The kernel would give an interface that name.</summary>
    public static bool IsValid(string name) =>
        name is not ("" or "." or "..") && Encoding.UTF8.GetByteCount(name) <= LongestBytes
        && !name.Any(static character => character is '/' or ':' || char.IsWhiteSpace(character));
}
