using System.Diagnostics.CodeAnalysis;
using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>The forwarding database: every remote VTEP of the network, as <c>bridge fdb show</c> lists them. Immutable.</summary>
/// <remarks>
/// Egress takes its row straight from the route, so the one look-up needed is ingress's: whose is this outer source?
/// </remarks>
public sealed class Fdb
{
    private readonly Dictionary<IpAddress, RemoteVtep> _byAddress;

    internal Fdb(Dictionary<IpAddress, RemoteVtep> byAddress) => _byAddress = byAddress;

    public int Count => _byAddress.Count;

    public IEnumerable<RemoteVtep> Rows => _byAddress.Values;

    /// <summary>The VTEP at that underlay address; false when no peer has it.</summary>
    public bool TryFind(IpAddress underlayAddress, [NotNullWhen(true)] out RemoteVtep? vtep) =>
        _byAddress.TryGetValue(underlayAddress, out vtep);
}
