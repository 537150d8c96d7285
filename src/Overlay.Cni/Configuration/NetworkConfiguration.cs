using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>
/// The configuration on stdin. Masquerade is the daemon's affair, so the key <c>ipMasq</c> is passed over, as are keys
/// nobody here knows.
/// </summary>
internal sealed record NetworkConfiguration
{
    public required string Version { get; init; }

    public required string Name { get; init; }

    public required BridgeSettings Bridge { get; init; }

    /// <summary>Bytes; 0 = FLANNEL_MTU of the subnet file.</summary>
    public uint Mtu { get; init; }

    public MacAddress? Mac { get; init; }

    public required string SubnetFile { get; init; }

    public required string AdminSocket { get; init; }

    /// <summary>Of the attachments' records; empty = the default.</summary>
    public string StateDirectory { get; init; } = "";

    /// <summary>Where flannel's plugin keeps its files of containers.</summary>
    public required string FlannelDataDirectory { get; init; }

    public required IpamSettings Ipam { get; init; }

    public CniDns Dns { get; init; } = CniDns.None;

    public CniResult? PreviousResult { get; init; }

    /// <summary>What GC must leave; null = the runtime has not said.</summary>
    public IReadOnlyList<(string ContainerId, string InterfaceName)>? ValidAttachments { get; init; }

    /// <summary>The whole, as the runtime sent it; delegated plugins get the same.</summary>
    public required byte[] Text { get; init; }

    /// <summary>Reads no more than the version, which the form of every later error depends on.</summary>
    /// <exception cref="CniException">Code 6: not a JSON object; code 7: the version is no text.</exception>
    public static string ReadVersion(JsonDocument document)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new CniException(CniErrorCode.Decoding, "the network configuration on stdin is not a JSON object");
        string version = new CniObject(document.RootElement, "").Text("cniVersion", CniVersion.V010, "\"1.0.0\"");
        return version.Length == 0 ? CniVersion.V010 : version;
    }
}
