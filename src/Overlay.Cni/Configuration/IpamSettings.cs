using Overlay.Cni.Protocol;
using Overlay.Pods.Attachments;
using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>Where a pod's addresses come from.</summary>
internal sealed record IpamSettings
{
    /// <summary>A plugin's name. <see cref="AttachmentRecord.HostLocal"/> is done here, without the plugin.</summary>
    public required string Type { get; init; }

    public bool IsOwn => Type == AttachmentRecord.HostLocal;

    /// <summary>Of all networks' allocations; empty = host-local's.</summary>
    public string DataDirectory { get; init; } = "";

    /// <summary>Empty: those of subnet.env.</summary>
    public IReadOnlyList<RangeSet> RangeSets { get; init; } = [];

    public IReadOnlyList<PodRoute> Routes { get; init; } = [];

    /// <summary>Addresses wanted, by CNI_ARGS, <c>args.cni.ips</c> or <c>runtimeConfig.ips</c>.</summary>
    public IReadOnlyList<IpAddress> Requested { get; init; } = [];

    /// <summary>A resolv.conf whose content the result gets; empty = none.</summary>
    public string ResolvConf { get; init; } = "";
}
