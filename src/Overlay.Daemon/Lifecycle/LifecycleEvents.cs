using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class LifecycleEvents
{
    [LoggerMessage(EventId = 3100, Level = LogLevel.Critical, Message = "{Part} cannot go on, overlayd ends: {Reason}")]
    public static partial void PartFailed(this ILogger logger, string part, string reason, Exception? fault);

    [LoggerMessage(EventId = 3101, Level = LogLevel.Debug, Message = "{Part} has ended")]
    public static partial void PartEnded(this ILogger logger, string part);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Information, Message = "node {Node} has stopped")]
    public static partial void NodeStopped(this ILogger logger, string node);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Information,
        Message = "node {Node} is handed over: the kernel keeps its state")]
    public static partial void NodeHandedOver(this ILogger logger, string node);

    [LoggerMessage(EventId = 3104, Level = LogLevel.Information,
        Message =
            "node {Node}: {Device} VNI {Vni} MTU {Mtu}, VTEP {Mac} on {Underlay} {Addresses} port {Port}, pods "
            + "{Subnets}")]
    public static partial void NodeIs(
        this ILogger logger, string node, string device, uint vni, int mtu, string mac, string underlay,
        string addresses, ushort port, string subnets);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Warning,
        Message =
            "{Node} announced {Before} before and announces {Now} now; if another host uses this name, give each its "
            + "own Overlay:NodeName")]
    public static partial void AddressesAreOthers(this ILogger logger, string node, string before, string now);

    [LoggerMessage(EventId = 3106, Level = LogLevel.Warning,
        Message =
            "{Interface} has no global IPv6 address: IPv6 pods travel over IPv4, which flannel's nodes do not take")]
    public static partial void Ipv6PodsOverIpv4(this ILogger logger, string @interface);

    [LoggerMessage(EventId = 3107, Level = LogLevel.Error, Message = "{Fault}")]
    public static partial void LeaseConflict(this ILogger logger, string fault);

    [LoggerMessage(
        EventId = 3108, Level = LogLevel.Warning, Message = "the tunnels cannot move to {Addresses} yet: {Reason}")]
    public static partial void CannotMoveYet(this ILogger logger, string addresses, string reason);

    [LoggerMessage(EventId = 3109, Level = LogLevel.Warning,
        Message =
            "the control plane has other settings or pod CIDRs for this node than before: it is made anew, and pods "
            + "with former addresses are not reached")]
    public static partial void NodeIsMadeAnew(this ILogger logger);

    [LoggerMessage(EventId = 3110, Level = LogLevel.Information, Message = "{Kind} {Place} answers")]
    public static partial void StoreAnswers(this ILogger logger, string kind, string place);

    [LoggerMessage(EventId = 3111, Level = LogLevel.Error, Message = "could not {Step} of {Node}: {Reason}")]
    public static partial void StepFailed(this ILogger logger, string step, string node, string reason);

    [LoggerMessage(EventId = 3112, Level = LogLevel.Error, Message = "could not report that {Node} is ready: {Reason}")]
    public static partial void ReadinessNotReported(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 3113, Level = LogLevel.Warning,
        Message =
            "{Kind} {Place} does not answer; this node begins with what it was given before ({PodCidrs}) and its "
            + "peers of the last run")]
    public static partial void BeginsWithoutStore(this ILogger logger, string kind, string place, PodCidrs podCidrs);

    [LoggerMessage(EventId = 3114, Level = LogLevel.Error,
        Message =
            "{Reason}. This node begins with what it was given before ({PodCidrs}) and its peers of the last run")]
    public static partial void BeginsDespiteStore(this ILogger logger, string reason, PodCidrs podCidrs);

    [LoggerMessage(
        EventId = 3115, Level = LogLevel.Error, Message = "{Reason}. This node goes on with what it was given before")]
    public static partial void GoesOnDespiteStore(this ILogger logger, string reason);

    [LoggerMessage(EventId = 3116, Level = LogLevel.Information, Message = "waiting for {Answer}")]
    public static partial void WaitingForStore(this ILogger logger, string? answer);

    [LoggerMessage(EventId = 3117, Level = LogLevel.Debug, Message = "asking {Question}")]
    public static partial void AskingStore(this ILogger logger, string question);

    [LoggerMessage(
        EventId = 3118, Level = LogLevel.Error, Message = "could not find the earlier lease of {Node}: {Reason}")]
    public static partial void EarlierLeaseNotFound(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 3119, Level = LogLevel.Information,
        Message = "node {Node} is taken over from another overlayd: no worker ran for {Milliseconds:0.0} ms")]
    public static partial void NodeTakenOver(this ILogger logger, string node, double milliseconds);
}
