using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>Log events of this node's own key: 2120 to 2139.</summary>
internal static partial class OwnEvents
{
    [LoggerMessage(EventId = 2120, Level = LogLevel.Information, Message =
        "Other nodes write to {Subnets} at the same moment: {Node} looks again until a subnet is its own")]
    public static partial void SubnetRaced(this ILogger logger, string subnets, string node);

    [LoggerMessage(
        EventId = 2121, Level = LogLevel.Information, Message = "{Key} of this node, {Owner}, is given back")]
    public static partial void SubnetGivenBack(this ILogger logger, string key, IpAddress? owner);

    [LoggerMessage(EventId = 2122, Level = LogLevel.Information,
        Message = "Subnet {Subnet} of this node ({How}) is held in {Key}")]
    public static partial void SubnetHeld(this ILogger logger, PodCidrs subnet, string how, string key);

    [LoggerMessage(
        EventId = 2123, Level = LogLevel.Warning, Message = "{Key} of this node was gone and is written again")]
    public static partial void KeyWrittenAgain(this ILogger logger, string key);

    [LoggerMessage(EventId = 2124, Level = LogLevel.Warning, Message =
        "{Key} of this node was written by another daemon, which has left it alone since, and is written again")]
    public static partial void KeyWrittenOver(this ILogger logger, string key);
}
