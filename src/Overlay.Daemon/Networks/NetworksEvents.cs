using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class NetworksEvents
{
    [LoggerMessage(EventId = 3200, Level = LogLevel.Error, Message = "could not repair {Device}: {Reason}")]
    public static partial void RepairFailed(this ILogger logger, string device, string reason);

    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "assigned {Address} to {Device}")]
    public static partial void AddressAssigned(this ILogger logger, IpAddress address, string device);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Information,
        Message =
            "kernel parameters of the device stay, for /proc/sys is read-only here: {Parameters}. Pods' packets flow "
            + "where status has no problem; a container sets them where the host's /proc/sys/net is mounted at "
            + "{Mount}/net")]
    public static partial void SysctlsStay(this ILogger logger, string parameters, string mount);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Information, Message = "set route {Prefix} metric {Metric} {Kind}")]
    public static partial void RouteSet(this ILogger logger, IpPrefix prefix, uint metric, string kind);

    [LoggerMessage(EventId = 3205, Level = LogLevel.Debug, Message = "route {Prefix} was gone already")]
    public static partial void RouteWasGone(this ILogger logger, IpPrefix prefix);

    [LoggerMessage(EventId = 3206, Level = LogLevel.Error, Message = "route {Prefix} stays: {Reason}")]
    public static partial void RouteStays(this ILogger logger, IpPrefix prefix, string reason);

    [LoggerMessage(EventId = 3207, Level = LogLevel.Information, Message = "set direct route {Prefix} via {Gateway}")]
    public static partial void DirectRouteSet(this ILogger logger, IpPrefix prefix, IpAddress? gateway);

    [LoggerMessage(
        EventId = 3208, Level = LogLevel.Information, Message = "removed direct route {Prefix} via {Gateway}")]
    public static partial void DirectRouteRemoved(this ILogger logger, IpPrefix prefix, IpAddress? gateway);

    [LoggerMessage(EventId = 3209, Level = LogLevel.Debug, Message = "direct route {Prefix} was gone already")]
    public static partial void DirectRouteWasGone(this ILogger logger, IpPrefix prefix);

    [LoggerMessage(EventId = 3210, Level = LogLevel.Error, Message = "direct route {Prefix} stays: {Reason}")]
    public static partial void DirectRouteStays(this ILogger logger, IpPrefix prefix, string reason);

    [LoggerMessage(EventId = 3211, Level = LogLevel.Error, Message = "direct routes cannot be looked at: {Reason}")]
    public static partial void DirectRoutesUnknown(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 3221, Level = LogLevel.Information, Message = "{Device}, left by an earlier run, is taken over")]
    public static partial void DeviceTakenOver(this ILogger logger, string device);

    [LoggerMessage(EventId = 3222, Level = LogLevel.Debug, Message = "{Device} was gone already: {Reason}")]
    public static partial void DeviceWasGone(this ILogger logger, string device, string reason);

    [LoggerMessage(
        EventId = 3223, Level = LogLevel.Debug, Message = "{Sysctl} stays 0, as status says: {Reason}")]
    public static partial void ForwardingStaysOff(this ILogger logger, string sysctl, string reason);

    [LoggerMessage(
        EventId = 3220, Level = LogLevel.Information, Message = "set {Sysctl} to {Value}, for pods' packets need it")]
    public static partial void SysctlSet(this ILogger logger, string sysctl, string value);

    [LoggerMessage(EventId = 3212, Level = LogLevel.Warning,
        Message = "{Device}, left by flannel, is removed: this daemon takes its place")]
    public static partial void FlannelDeviceRemoved(this ILogger logger, string device);

    [LoggerMessage(EventId = 3213, Level = LogLevel.Information,
        Message = "the route to {Prefix} via {Gateway}, left by flannel, is this daemon's now")]
    public static partial void FlannelRouteTakenOver(this ILogger logger, IpPrefix prefix, IpAddress? gateway);

    [LoggerMessage(EventId = 3214, Level = LogLevel.Warning,
        Message = "{Device}, left by flannel, is taken over though no process of the host can be seen from this PID "
            + "namespace: a flanneld that runs here would lose its device")]
    public static partial void FlannelUnseen(this ILogger logger, string device);
}
