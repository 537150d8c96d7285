using Overlay.Dataplane.Forwarding;

namespace Overlay.ControlPlane.Tests;

/// <summary>A follower that learns of the table from its changes alone.</summary>
internal sealed class TableMirror : ITableFollower
{
    private readonly HashSet<Route> _routes = [];
    private readonly HashSet<RemoteVtep> _vteps = [];
    private readonly List<string> _faults = [];

    public void Follow(ForwardingTable table, TableChange change)
    {
        foreach (Route route in change.Removed) Expect(_routes.Remove(route), $"{route} is removed and was not there");
        foreach (Route route in change.Added) Expect(_routes.Add(route), $"{route} is added and was there");
        foreach (RemoteVtep vtep in change.VtepsRemoved)
            Expect(_vteps.Remove(vtep), $"{vtep} is removed and was not there");
        foreach (RemoteVtep vtep in change.VtepsAdded) Expect(_vteps.Add(vtep), $"{vtep} is added and was there");
    }

    public void ShouldBeLike(ForwardingTable table)
    {
        _faults.ShouldBeEmpty();
        _routes.SetEquals(table.Routes).ShouldBeTrue("the changes do not add up to the table's routes");
        _vteps.SetEquals(table.Fdb.Rows).ShouldBeTrue("the changes do not add up to the table's VTEPs");
    }

    private void Expect(bool holds, string fault)
    {
        if (!holds) _faults.Add(fault);
    }
}
