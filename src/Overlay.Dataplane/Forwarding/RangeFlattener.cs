using System.Numerics;
using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>Turns nested prefixes into the disjoint ranges of a <see cref="RouteTable{TAddress}"/>.</summary>
internal static class RangeFlattener
{
    /// <param name="prefixes">Distinct prefixes of one family with their targets, in any order; sorted in place.</param>
    /// <param name="toAddress">Makes the family's address of its number.</param>
    public static RouteTable<TAddress> Flatten<TAddress>(
        List<(IpPrefix Prefix, int Target)> prefixes, Func<UInt128, TAddress> toAddress)
        where TAddress : struct, IComparisonOperators<TAddress, TAddress, bool>
    {
        // In this order a prefix comes right before those nested in it.
        prefixes.Sort(static (a, b) =>
        {
            int byAddress = a.Prefix.Address.Value.CompareTo(b.Prefix.Address.Value);
            return byAddress != 0 ? byAddress : a.Prefix.Length.CompareTo(b.Prefix.Length);
        });

        List<TAddress> starts = [];
        List<int> targets = [];
        Stack<(UInt128 Last, int Target)> open = [];
        Begin(0, RouteTable<TAddress>.NoRoute);
        foreach ((IpPrefix prefix, int target) in prefixes)
        {
            CloseBefore(prefix.Address.Value);
            Begin(prefix.Address.Value, target);
            open.Push((prefix.Last.Value, target));
        }

        CloseBefore(null);
        return new([.. starts], [.. targets]);

        // Behind each prefix that ends before this address, its parent's range goes on.
        void CloseBefore(UInt128? address)
        {
            while (open.TryPeek(out (UInt128 Last, int Target) top) && (address is null || top.Last < address))
            {
                _ = open.Pop();
                int parent = open.TryPeek(out (UInt128 Last, int Target) outer) ? outer.Target : RouteTable<TAddress>.NoRoute;
                bool endsTheFamily = top.Last == MaxOf<TAddress>();
                if (!endsTheFamily) Begin(top.Last + 1, parent);
            }
        }

        // A range that begins where the last one did replaces it: the inner prefix wins, empty gaps vanish.
        void Begin(UInt128 start, int target)
        {
            TAddress address = toAddress(start);
            if (starts.Count > 0 && starts[^1] == address) targets[^1] = target;
            else
            {
                starts.Add(address);
                targets.Add(target);
            }
        }
    }

    private static UInt128 MaxOf<TAddress>() =>
        typeof(TAddress) == typeof(Ipv4Address) ? uint.MaxValue : UInt128.MaxValue;
}
