using Overlay.Wire;

namespace Overlay.ControlPlane;

/// <summary>A key among those of all leases, as the choice of a subnet looks at it. Immutable.</summary>
/// <param name="Key">Its pod CIDRs.</param>
/// <param name="Entry">The key itself.</param>
/// <param name="Owner">The address it belongs to; null where the value does not say.</param>
internal sealed record OccupiedSubnet(SubnetKey Key, EtcdKeyValue Entry, IpAddress? Owner)
{
    /// <summary>An operator keeps it for its owner: it goes with no etcd lease.</summary>
    public bool IsReservation => Entry.Lease == 0;

    public static IReadOnlyList<OccupiedSubnet> Of(EtcdList list, EtcdKeys keys)
    {
        List<OccupiedSubnet> occupied = [];
        foreach (EtcdKeyValue entry in list.Keys)
        {
            if (!keys.TryGetSubnet(entry.Key, out ReadOnlySpan<byte> text) || !SubnetKey.TryParse(text, out SubnetKey? key)) continue;
            occupied.Add(new(key, entry, LeaseValue.Read(key, entry.Value, entry.Lease == 0).Owner));
        }

        return occupied;
    }
}
