using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Handover;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class HandoverEvents
{
    [LoggerMessage(EventId = 4300, Level = LogLevel.Information,
        Message = "overlayd {Build} (process {Process}) is to go on with this node; this one forwards until it is ready")]
    public static partial void SuccessorComes(this ILogger logger, string build, int process);

    [LoggerMessage(EventId = 4301, Level = LogLevel.Information,
        Message = "overlayd {Build} (process {Process}) has taken this node over")]
    public static partial void SuccessorHasTaken(this ILogger logger, string build, int process);

    [LoggerMessage(EventId = 4302, Level = LogLevel.Warning,
        Message = "overlayd {Build} (process {Process}) has not taken this node over, which runs on here: {Reason}")]
    public static partial void SuccessorFailed(this ILogger logger, string build, int process, string reason);

    [LoggerMessage(EventId = 4304, Level = LogLevel.Warning,
        Message = "{Path} cannot be listened on, so an overlayd that is started beside this one cannot take over: {Reason}")]
    public static partial void NoSuccessors(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4305, Level = LogLevel.Warning,
        Message = "overlayd {Build} runs this node otherwise than it is configured now, and ends first; packets are lost "
            + "meanwhile. It has {Running}, wanted is {Wanted}")]
    public static partial void PredecessorDiffers(this ILogger logger, string build, string running, string wanted);

    [LoggerMessage(EventId = 4310, Level = LogLevel.Information,
        Message = "overlayd {Build} runs this node without sockets to hand over, and ends first; packets are lost "
            + "meanwhile, unless its eBPF tier is pinned")]
    public static partial void PredecessorHasNoSockets(this ILogger logger, string build);

    [LoggerMessage(EventId = 4306, Level = LogLevel.Warning,
        Message = "the overlayd before (process {Process}) has let the node go and does not end: {Reason}")]
    public static partial void PredecessorStays(this ILogger logger, int process, string reason);

    [LoggerMessage(EventId = 4308, Level = LogLevel.Information,
        Message = "{Count} descriptors that systemd has kept are those of another device or other addresses, and are closed")]
    public static partial void StoredDescriptorsDiffer(this ILogger logger, int count);

    [LoggerMessage(EventId = 4309, Level = LogLevel.Warning,
        Message = "{Path} takes no descriptors, so packets are lost while no overlayd runs: {Reason}")]
    public static partial void NoDescriptorStore(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4307, Level = LogLevel.Information,
        Message = "Waits for the signal to stop: another overlayd runs this node")]
    public static partial void WaitsForItsEnd(this ILogger logger);
}
