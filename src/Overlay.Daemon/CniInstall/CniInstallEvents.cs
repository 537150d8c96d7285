using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.CniInstall;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class CniInstallEvents
{
    [LoggerMessage(EventId = 3500, Level = LogLevel.Information, Message = "{Path} is installed")]
    public static partial void Installed(this ILogger logger, string path);

    [LoggerMessage(EventId = 3501, Level = LogLevel.Information, Message = "{Path} is removed")]
    public static partial void Removed(this ILogger logger, string path);

    [LoggerMessage(
        EventId = 3502, Level = LogLevel.Warning,
        Message = "{Directory} has no portmap, so pods' host ports are not published; with it there, install again")]
    public static partial void PortmapMissing(this ILogger logger, string directory);

    [LoggerMessage(
        EventId = 3503, Level = LogLevel.Warning,
        Message =
            "{Path} is not as it was installed, and stays with {Plugin}, which it calls; without overlayd new pods "
            + "fail by it: {Command}")]
    public static partial void ConfigurationStays(this ILogger logger, string path, string plugin, string command);

    [LoggerMessage(EventId = 3504, Level = LogLevel.Warning, Message = "{Rival}")]
    public static partial void RivalFound(this ILogger logger, string rival);

    [LoggerMessage(
        EventId = 3505, Level = LogLevel.Warning,
        Message =
            "{Interface} of container {Container} is gone, and no runtime has deleted it: its addresses are free again")]
    public static partial void AddressesFreed(this ILogger logger, string @interface, string container);

    [LoggerMessage(EventId = 3506, Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void SweepFailed(this ILogger logger, string problem);

    [LoggerMessage(
        EventId = 3507, Level = LogLevel.Information,
        Message = "{Path} is not as it was installed, and stays so: others add themselves there")]
    public static partial void ConfigurationKept(this ILogger logger, string path);

    [LoggerMessage(
        EventId = 3508, Level = LogLevel.Warning,
        Message =
            "{Plugin} does not say which versions of CNI it knows ({Reason}), so the configuration offers none above "
            + "0.4.0")]
    public static partial void PortmapSilent(this ILogger logger, string plugin, string reason);

    [LoggerMessage(
        EventId = 3509, Level = LogLevel.Warning,
        Message =
            "{Plugin} knows CNI {Versions} alone, none of them overlay's, so pods' host ports are not published")]
    public static partial void PortmapForeign(this ILogger logger, string plugin, string versions);
}
