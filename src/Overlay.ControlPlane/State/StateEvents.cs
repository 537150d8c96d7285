using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>Log events of this node's own state on disk: 1100 to 1199.</summary>
internal static partial class StateEvents
{
    [LoggerMessage(EventId = 1100, Level = LogLevel.Warning, Message =
        "Saved leases in {File} are passed over: they are those of {FoundKind} {FoundPlace}, and this node's are in "
        + "{Kind} {Place}")]
    public static partial void SavedLeasesOfAnotherStore(
        this ILogger logger, string file, string foundKind, string foundPlace, string kind, string place);

    [LoggerMessage(
        EventId = 1101, Level = LogLevel.Warning, Message = "Saved lease of {Node} in {File} is passed over: {Reason}")]
    public static partial void SavedLeaseDamaged(this ILogger logger, string node, string file, string reason);

    [LoggerMessage(
        EventId = 1102, Level = LogLevel.Information, Message = "VTEP MAC {Mac} ({Origin}) is stored in {File}")]
    public static partial void VtepMacStored(this ILogger logger, MacAddress mac, string origin, string file);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Warning, Message =
        "VTEP MAC {Mac} in {File} is that of node {Owner}, so this machine is a clone of it or has another name now; "
        + "this node {Node} takes another MAC")]
    public static partial void VtepMacOfAnotherNode(
        this ILogger logger, MacAddress mac, string file, string owner, string node);
}
