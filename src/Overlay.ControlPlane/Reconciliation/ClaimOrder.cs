namespace Overlay.ControlPlane.Reconciliation;

/// <summary>By kind and by what is claimed: prefixes nest or are disjoint, and one comes right after those it lies in.</summary>
internal sealed class ClaimOrder : IComparer<Claim>
{
    public static ClaimOrder Instance { get; } = new();

    public int Compare(Claim x, Claim y)
    {
        int order = ((int)x.Kind).CompareTo((int)y.Kind);
        if (order == 0) order = ((int)x.Prefix.Family).CompareTo((int)y.Prefix.Family);
        if (order == 0) order = x.Prefix.Address.Value.CompareTo(y.Prefix.Address.Value);
        if (order == 0) order = x.Prefix.Length.CompareTo(y.Prefix.Length);
        return order != 0 ? order : string.CompareOrdinal(x.Node, y.Node);
    }
}
