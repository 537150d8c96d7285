namespace Overlay.Cni.Protocol;

/// <summary>The host's side of a pod's pair.</summary>
internal static class HostInterface
{
    /// <summary>
    /// The host side's name for an attachment. It follows from the attachment alone, so that DEL needs no state.
    /// </summary>
    public static string NameOf(string network, string containerId, string interfaceName)
    {
        // FNV-1a, of which 48 bits fill the name: an attachment has it for life, so it may never change.
        ulong hash = 14695981039346656037;
        foreach (char c in $"{network}\n{containerId}\n{interfaceName}") hash = unchecked((hash ^ c) * 1099511628211);
        return $"ov{(hash ^ (hash >> 48)) & 0xffff_ffff_ffff:x12}";
    }
}
