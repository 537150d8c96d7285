using System.Numerics;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// Turns nested prefixes into the disjoint ranges of a <see cref="RouteTable{TNumber}"/>. Not thread-safe.
/// </summary>
internal sealed class RangeFlattener<TNumber>
    where TNumber : struct, IBinaryInteger<TNumber>, IUnsignedNumber<TNumber>, IMinMaxValue<TNumber>
{
    // Kept from table to table: they would be large garbage every time.
    private readonly List<TNumber> _starts = [];
    private readonly List<RemoteVtep?> _vias = [];
    private readonly Stack<(TNumber Last, RemoteVtep? Via)> _open = [];

    /// <param name="routes">
    /// Routes of the one family in <see cref="RouteOrder"/>: each comes right before those nested in it.
    /// </param>
    public RouteTable<TNumber> Flatten(ReadOnlySpan<Route> routes)
    {
        _starts.Clear();
        _vias.Clear();
        Begin(TNumber.Zero, null);
        foreach (ref readonly Route route in routes)
        {
            TNumber start = NumberOf(route.Prefix.Address);
            CloseBefore(start);
            RemoteVtep via = route.Via ?? ForwardingTable.OwnPods;
            Begin(start, via);
            _open.Push((NumberOf(route.Prefix.Last), via));
        }

        CloseBefore(null);
        return new(_starts, _vias);
    }

    // Behind each prefix that ends before this address, its parent's range goes on.
    private void CloseBefore(TNumber? address)
    {
        while (_open.TryPeek(out (TNumber Last, RemoteVtep? Via) top) && (address is null || top.Last < address))
        {
            _ = _open.Pop();
            RemoteVtep? parent = _open.TryPeek(out (TNumber Last, RemoteVtep? Via) outer) ? outer.Via : null;
            bool endsTheFamily = top.Last == TNumber.MaxValue;
            if (!endsTheFamily) Begin(top.Last + TNumber.One, parent);
        }
    }

    // A range that begins where the last one did replaces it: the inner prefix wins, empty gaps vanish.
    private void Begin(TNumber start, RemoteVtep? via)
    {
        if (_starts.Count > 0 && _starts[^1] == start) _vias[^1] = via;
        else
        {
            _starts.Add(start);
            _vias.Add(via);
        }
    }

    private static TNumber NumberOf(IpAddress address) => TNumber.CreateTruncating(address.Value);
}
