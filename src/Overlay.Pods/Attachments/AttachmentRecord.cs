namespace Overlay.Pods.Attachments;

/// <summary>
/// What is to be undone when an attachment goes, also by somebody who was not there when it was made.
/// </summary>
public sealed record AttachmentRecord
{
    public required string Network { get; init; }

    public required string ContainerId { get; init; }

    public required string InterfaceName { get; init; }

    /// <summary>As the runtime gave it; it may be gone.</summary>
    public required string NetworkNamespacePath { get; init; }

    public required string HostInterfaceName { get; init; }

    /// <summary>
    /// The IPAM plugin's name; <see cref="HostLocal"/> is kept in <see cref="IpamDirectory"/> by ourselves.
    /// </summary>
    public required string IpamType { get; init; }

    /// <summary>Of all networks' allocations; empty = host-local's default.</summary>
    public string IpamDirectory { get; init; } = "";

    /// <summary>When ADD began.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The IPAM that is done here.</summary>
    public const string HostLocal = "host-local";

    public bool Is(string containerId, string interfaceName) =>
        ContainerId == containerId && InterfaceName == interfaceName;
}
