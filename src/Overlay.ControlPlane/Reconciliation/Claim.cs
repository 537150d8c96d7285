using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>
/// A prefix that a node wants for itself alone: a pod CIDR, or a public address as the prefix of full length.
/// </summary>
internal readonly record struct Claim(string Node, ClaimKind Kind, IpPrefix Prefix)
{
    public static Claim PodCidr(string node, IpPrefix prefix) => new(node, ClaimKind.PodCidr, prefix);

    public static Claim PublicAddress(string node, IpAddress address) =>
        new(node, ClaimKind.PublicAddress, new IpPrefix(address, address.Bits));

    /// <summary>Why this claim fails against a stronger one.</summary>
    /// <param name="other">The stronger one.</param>
    /// <param name="isKept">Its node has withdrawn it and may be back for it.</param>
    public string LosesTo(Claim other, bool isKept)
    {
        string why = isKept ? "for which it is kept a while, should it only have restarted" : "which comes first";
        return Kind == ClaimKind.PodCidr
            ? $"pod CIDR {Prefix} of node {Node} overlaps {other.Prefix} of node {other.Node}, {why}"
            : $"public address {Prefix.Address} of node {Node} is also that of node {other.Node}, {why}";
    }
}

/// <summary>Claims contradict one another only within one kind.</summary>
internal enum ClaimKind
{
    PodCidr,
    PublicAddress,
}

/// <summary>How strong a claim is: one that is held before one that waits, then the older one.</summary>
/// <param name="Held">The node's lease was accepted with it.</param>
/// <param name="Since">Number of the settlement that first held it, or first saw it wait.</param>
internal readonly record struct ClaimAge(bool Held, long Since) : IComparable<ClaimAge>
{
    public int CompareTo(ClaimAge other) => (!Held, Since).CompareTo((!other.Held, other.Since));
}

/// <summary>
/// By kind and by what is claimed: prefixes nest or are disjoint, and one comes right after those it lies in.
/// </summary>
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
