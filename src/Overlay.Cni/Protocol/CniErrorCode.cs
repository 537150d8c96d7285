namespace Overlay.Cni.Protocol;

/// <summary>
/// Error codes of the CNI specification 1.1.0, section "Error". Those from 100 are this plugin's own.
/// </summary>
internal static class CniErrorCode
{
    public const uint IncompatibleVersion = 1;
    public const uint UnsupportedField = 2;
    public const uint UnknownContainer = 3;
    public const uint InvalidEnvironment = 4;
    public const uint InputOutput = 5;
    public const uint Decoding = 6;
    public const uint InvalidConfiguration = 7;
    public const uint TryAgainLater = 11;
    public const uint NotAvailable = 50;
    public const uint LimitedConnectivity = 51;

    /// <summary>No address is free, or the one asked for is taken.</summary>
    public const uint NoAddress = 100;

    /// <summary>The kernel refused a link, an address or a route.</summary>
    public const uint Wiring = 101;

    /// <summary>CHECK found something other than what ADD made.</summary>
    public const uint Differs = 102;

    /// <summary>Some of what GC was to remove is still there.</summary>
    public const uint Garbage = 103;

    /// <summary>A plugin that was called on the way gave no usable answer.</summary>
    public const uint Delegate = 104;
}
