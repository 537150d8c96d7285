using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>What a node wants for itself alone: a pod CIDR, or a public address as the prefix of full length.</summary>
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
