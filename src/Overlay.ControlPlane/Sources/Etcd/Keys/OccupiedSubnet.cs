using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>A key among those of all leases, as the choice of a subnet looks at it. Immutable.</summary>
/// <param name="Key">Its pod CIDRs.</param>
/// <param name="Entry">The key itself.</param>
/// <param name="Value">The value, as far as it was understood.</param>
internal sealed record OccupiedSubnet(SubnetKey Key, EtcdKeyValue Entry, LeaseValue Value)
{
    /// <summary>An operator keeps it for its owner: it goes with no etcd lease.</summary>
    public bool IsReservation => Entry.Lease == 0;

    /// <summary>The address it belongs to; null where the value does not say.</summary>
    public IpAddress? Owner => Value.Owner;

    /// <summary>The MACs that peers are to send to; none while there is no VTEP.</summary>
    public IEnumerable<MacAddress> Macs =>
        Value.Lease?.Vteps.Select(static vtep => vtep.Mac).OfType<MacAddress>() ?? [];

    public static IReadOnlyList<OccupiedSubnet> Of(EtcdList list, EtcdKeys keys)
    {
        List<OccupiedSubnet> occupied = [];
        foreach (EtcdKeyValue entry in list.Keys)
        {
            if (!keys.TryGetSubnet(entry.Key, out ReadOnlySpan<byte> text)
                || !SubnetKey.TryParse(text, out SubnetKey? key)) continue;
            occupied.Add(new(key, entry, LeaseValue.Read(key, entry.Value, entry.Lease == 0)));
        }

        return occupied;
    }
}
