using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class UnderlayEvents
{
    [LoggerMessage(EventId = 3300, Level = LogLevel.Information, Message = "{Interface} has its addresses again")]
    public static partial void AddressesAreBack(this ILogger logger, string @interface);

    [LoggerMessage(EventId = 3301, Level = LogLevel.Debug, Message = "tunnels are bound to {Addresses} port {Port}")]
    public static partial void TunnelsAreBound(this ILogger logger, IEnumerable<IpAddress> addresses, ushort port);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Information, Message = "waiting for {Wanted}")]
    public static partial void WaitingForUnderlay(this ILogger logger, string wanted);

    [LoggerMessage(
        EventId = 3303, Level = LogLevel.Information, Message = "{Interface} is there, and has what tunnels need")]
    public static partial void UnderlayIsThere(this ILogger logger, string @interface);

    [LoggerMessage(EventId = 3304, Level = LogLevel.Information, Message = "{Choice}")]
    public static partial void AddressChosen(this ILogger logger, string choice);
}
