namespace Overlay.Dataplane.Forwarding;

/// <summary>The difference between a table and the one published before it. Immutable.</summary>
/// <remarks>
/// A route that leads elsewhere than before is both removed and added, and so is a VTEP with another MAC. Apply
/// removals first: prefixes and addresses may change hands in one step. Routes are in order of family, address and
/// length.
/// </remarks>
/// <param name="Removed">Routes of the former table alone.</param>
/// <param name="Added">Routes of the new table alone.</param>
/// <param name="VtepsRemoved">VTEPs of the former table alone.</param>
/// <param name="VtepsAdded">VTEPs of the new table alone.</param>
public sealed record TableChange(
    IReadOnlyList<Route> Removed, IReadOnlyList<Route> Added, IReadOnlyList<RemoteVtep> VtepsRemoved,
    IReadOnlyList<RemoteVtep> VtepsAdded)
{
    /// <summary>Routes and VTEPs are as they were.</summary>
    public static TableChange None { get; } = new([], [], [], []);

    public bool IsNone => Removed.Count + Added.Count + VtepsRemoved.Count + VtepsAdded.Count == 0;

    /// <summary>From no table to this one.</summary>
    public static TableChange From(ForwardingTable table) => new([], table.Routes, [], [.. table.Fdb.Rows]);
}
