using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class FirewallEvents
{
    [LoggerMessage(
        EventId = 3400, Level = LogLevel.Information,
        Message = "removed table {Family} {Table}, which a daemon that runs no more had left")]
    public static partial void FormerTableRemoved(this ILogger logger, string family, string table);

    [LoggerMessage(EventId = 3401, Level = LogLevel.Warning,
        Message = "tables that a crash may have left are not looked for: {Reason}")]
    public static partial void FormerTablesUnread(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 3402, Level = LogLevel.Information,
        Message = "removed chain {Chain} ({Tool}), which a daemon that runs no more had left")]
    public static partial void FormerChainRemoved(this ILogger logger, string chain, string tool);

    [LoggerMessage(
        EventId = 3403, Level = LogLevel.Information,
        Message = "this host's policy is to forward nothing ({Tool}): added rules for {Cluster} in chain {Chain}")]
    public static partial void ForwardingAllowed(this ILogger logger, string tool, string cluster, string chain);

    [LoggerMessage(EventId = 3404, Level = LogLevel.Error, Message = "stays in the packet filter: {Part}")]
    public static partial void PartStays(this ILogger logger, string part);

    [LoggerMessage(
        EventId = 3406, Level = LogLevel.Warning,
        Message = "another program changed table {Family} {Table}; made it again")]
    public static partial void TableRestored(this ILogger logger, string family, string table);

    [LoggerMessage(
        EventId = 3407, Level = LogLevel.Error,
        Message = "changes of nftables cannot be waited for, so the rules are looked at every second: {Reason}")]
    public static partial void ChangesUnwatched(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 3408, Level = LogLevel.Information,
        Message = "reserved port {Port}, so that the kernel gives it to no other program ({Parameter})")]
    public static partial void PortReserved(this ILogger logger, ushort port, string parameter);

    [LoggerMessage(
        EventId = 3409, Level = LogLevel.Information,
        Message = "{Parameter} cannot be set: {Reason}; a program may get port {Port} by chance")]
    public static partial void PortNotReserved(this ILogger logger, string parameter, string reason, ushort port);

    [LoggerMessage(
        EventId = 3411, Level = LogLevel.Information,
        Message = "the tunnels' packets are tracked as connections, for a rule of this host accepts them only so, "
            + "which costs speed; a rule for udp dport {Port} without a state is better than this one: {Rule}")]
    public static partial void TunnelsAreTracked(this ILogger logger, ushort port, string rule);

    [LoggerMessage(
        EventId = 3412, Level = LogLevel.Information,
        Message = "{Count} connections of {Pods} that began without masquerading begin anew")]
    public static partial void GapFlowsForgotten(this ILogger logger, int count, IpPrefix pods);

    [LoggerMessage(
        EventId = 3413, Level = LogLevel.Debug,
        Message = "connections that began without masquerading are not looked for: {Reason}")]
    public static partial void GapFlowsUnread(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 3414, Level = LogLevel.Information,
        Message = "the tunnels' packets are not tracked as connections any more: no rule of this host needs it")]
    public static partial void TunnelsAreUntracked(this ILogger logger);
}
