using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Hosting;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class HostingEvents
{
    [LoggerMessage(
        EventId = 3000, Level = LogLevel.Warning, Message = "NOTIFY_SOCKET {Path} takes no {State}: {Reason}")]
    public static partial void SystemdNotNotified(this ILogger logger, string path, string state, string reason);

    [LoggerMessage(
        EventId = 3001, Level = LogLevel.Error, Message = "{Follower} could not follow the forwarding table")]
    public static partial void FollowerFailed(this ILogger logger, string follower, Exception fault);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "flanneld's flag {Note}")]
    public static partial void FlagNotHonoured(this ILogger logger, string note);
}
