using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Tiers;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class TiersEvents
{
    [LoggerMessage(EventId = 3900, Level = LogLevel.Information,
        Message = "{Device}: the kernel forwards packets by eBPF programs; {Pins}")]
    public static partial void TierIsOn(this ILogger logger, string device, string pins);

    [LoggerMessage(EventId = 3901, Level = LogLevel.Information, Message = "{Device}: workers forward packets: {Reason}")]
    public static partial void TierIsOff(this ILogger logger, string device, string reason);

    [LoggerMessage(EventId = 3903, Level = LogLevel.Warning,
        Message = "single packets take no shorter way in: {Reason}")]
    public static partial void NoShortcut(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3904, Level = LogLevel.Warning,
        Message = "somebody has removed a part of the eBPF tier, which is made anew")]
    public static partial void TierIsMadeAnew(this ILogger logger);

    [LoggerMessage(EventId = 3905, Level = LogLevel.Information,
        Message = "removed {Device}, which a run with another VNI has left with this node's port")]
    public static partial void FormerTierIsRemoved(this ILogger logger, string device);

    [LoggerMessage(EventId = 3902, Level = LogLevel.Warning,
        Message = "{Device}: the eBPF tier cannot be switched on, workers forward packets: {Reason}")]
    public static partial void TierFailed(this ILogger logger, string device, string reason);
}
