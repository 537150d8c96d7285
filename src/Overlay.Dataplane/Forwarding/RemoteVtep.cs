using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>One underlay address of a peer node and the MAC its frames must carry; Linux's <c>vxlan_rdst</c>.</summary>
/// <param name="Node">The peer's name; a node with an IPv4 and an IPv6 underlay has two VTEPs of that name.</param>
/// <param name="Address">Outer destination of what we send, outer source of what it sends.</param>
/// <param name="Mac">Inner destination MAC.</param>
public sealed record RemoteVtep(string Node, IpAddress Address, MacAddress Mac)
{
    private readonly int _nodeHash = Node.GetHashCode(StringComparison.Ordinal);

    public string Node
    {
        get;
        init
        {
            field = value;
            _nodeHash = value.GetHashCode(StringComparison.Ordinal);
        }
    } = Node;

    /// <summary>Its packets; not a part of its identity.</summary>
    public VtepTraffic Traffic { get; } = new();

    public bool Equals(RemoteVtep? other) =>
        other is not null && Node == other.Node && Address == other.Address && Mac == other.Mac;

    public override int GetHashCode() => HashCode.Combine(_nodeHash, Address, Mac);

    /// <summary>Both are VTEPs of one node.</summary>
    /// <remarks>
    /// Names are compared only where their hashes agree: a packet with a forged source costs no more than another.
    /// </remarks>
    internal bool IsOfSameNode(RemoteVtep other) =>
        _nodeHash == other._nodeHash && string.Equals(Node, other.Node, StringComparison.Ordinal);
}
