namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// By family, then address, then length: a route comes right before those nested in it. VTEPs do not count.
/// </summary>
internal sealed class RouteOrder : IComparer<Route>
{
    public static RouteOrder Instance { get; } = new();

    public int Compare(Route x, Route y)
    {
        int byFamily = ((int)x.Prefix.Family).CompareTo((int)y.Prefix.Family);
        if (byFamily != 0) return byFamily;
        int byAddress = x.Prefix.Address.Value.CompareTo(y.Prefix.Address.Value);
        return byAddress != 0 ? byAddress : x.Prefix.Length.CompareTo(y.Prefix.Length);
    }
}
