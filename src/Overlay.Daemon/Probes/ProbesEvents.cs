using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class ProbesEvents
{
    [LoggerMessage(
        EventId = 4000, Level = LogLevel.Debug, Message = "probes of peers are answered at {Address} port {Port}")]
    public static partial void AnswersProbes(this ILogger logger, IpAddress address, ushort port);

    [LoggerMessage(EventId = 4001, Level = LogLevel.Debug, Message = "pinged {Target}: {Rows} rows in {Elapsed}")]
    public static partial void Pinged(this ILogger logger, string target, int rows, TimeSpan elapsed);
}
