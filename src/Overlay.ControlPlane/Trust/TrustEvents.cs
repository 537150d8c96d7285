using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Trust;

/// <summary>Log events of doubts about a store: 1200 to 1299.</summary>
internal static partial class TrustEvents
{
    [LoggerMessage(EventId = 1200, Level = LogLevel.Warning, Message =
        "The store lacks {Gone} of {Count} peers all at once: they are kept for {Seconds} s, should it fill again")]
    public static partial void PeersHeld(this ILogger logger, int gone, int count, int seconds);

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message =
        "The {Count} peers that the store lacks are given up: they have not come back")]
    public static partial void HeldPeersGivenUp(this ILogger logger, int count);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Information, Message = "The store has its leases again")]
    public static partial void HeldPeersAreBack(this ILogger logger);
}
