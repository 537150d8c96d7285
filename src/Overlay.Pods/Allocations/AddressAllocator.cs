using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Pods.Allocations;

/// <summary>Gives each attachment one address of each range set, and takes them back.</summary>
/// <param name="store">Where allocations are kept.</param>
/// <param name="rangeSets">At most one address of each is given.</param>
public sealed class AddressAllocator(AddressStore store, IReadOnlyList<RangeSet> rangeSets)
{
    private const int HoldersNamed = 5;

    /// <summary>Takes one address of each range set, or none at all.</summary>
    /// <param name="containerId">The runtime's id of the container.</param>
    /// <param name="interfaceName">In the container.</param>
    /// <param name="requested">Addresses wanted, at most one of a range set; the others are chosen.</param>
    /// <exception cref="IpamException">
    /// A set is used up, or a wanted address is taken, a gateway, or in no range.
    /// </exception>
    /// <exception cref="IOException">The store cannot be written.</exception>
    public IReadOnlyList<PodAddress> Allocate(
        string containerId, string interfaceName, IReadOnlyList<IpAddress> requested)
    {
        using IDisposable held = store.Lock();
        IReadOnlyList<AddressHolder> holders = store.Holders();
        foreach (AddressHolder holder in holders)
        {
            if (holder.ContainerId == containerId && holder.InterfaceName == interfaceName && IsInRange(holder.Address))
                throw new IpamException(
                    $"{holder.Address} has been given to {containerId} {interfaceName} already; DEL comes before "
                    + "another ADD");
        }

        List<PodAddress> given = [];
        try
        {
            List<IpAddress> wanted = [.. requested];
            for (int i = 0; i < rangeSets.Count; i++)
            {
                int index = wanted.FindIndex(address => rangeSets[i].Find(address) is not null);
                given.Add(index < 0 ? TakeNext(
                    i, containerId, interfaceName, holders) : Take(wanted[index], i, containerId, interfaceName));
                if (index >= 0) wanted.RemoveAt(index);
            }

            return wanted.Count == 0
                ? given
                : throw new IpamException(
                    $"{string.Join(", ", wanted)} cannot be given: not in the ranges {string.Join("; ", rangeSets)}, "
                    + "or the second one of a range set");
        }
        catch (Exception exception) when (exception is IpamException or IOException or UnauthorizedAccessException)
        {
            foreach (PodAddress address in given) store.Release(address.Address);
            throw;
        }
    }

    /// <summary>
    /// Frees what the attachment has. Nothing there is a success, and so is a store that is not there.
    /// </summary>
    public static void Release(AddressStore store, string containerId, string interfaceName)
    {
        if (!Directory.Exists(store.Directory)) return;
        using IDisposable held = store.Lock();
        store.Release(containerId, interfaceName);
    }

    /// <summary>The reason why the next attachment would get no address, or null.</summary>
    public string? Exhaustion()
    {
        IReadOnlyList<AddressHolder> holders = store.Holders();
        foreach (RangeSet set in rangeSets)
        {
            UInt128 all = 0;
            foreach (AddressRange range in set.Ranges) all += range.Count;
            if ((UInt128)Taken(set, holders).Count >= all) return Describe(set, holders);
        }

        return null;
    }

    private PodAddress Take(IpAddress address, int index, string containerId, string interfaceName)
    {
        AddressRange range = rangeSets[index].Find(address)!;
        if (address == range.Gateway)
            throw new IpamException($"{address} cannot be given: it is the gateway of {range.Subnet}");
        return store.Reserve(address, containerId, interfaceName, index)
            ? new(address, range.Subnet.Length, range.Gateway)
            : throw new IpamException($"{address} of range {range} is taken already");
    }

    private PodAddress TakeNext(
        int index, string containerId, string interfaceName, IReadOnlyList<AddressHolder> holders)
    {
        RangeCursor cursor = new(rangeSets[index], store.LastReserved(index));
        HashSet<IpAddress> taken = [];
        foreach (AddressHolder holder in holders) _ = taken.Add(holder.Address);
        while (cursor.Next() is { } address)
        {
            if (!taken.Contains(address) && store.Reserve(address, containerId, interfaceName, index))
                return new(address, cursor.Range.Subnet.Length, cursor.Range.Gateway);
        }

        throw new IpamException(Describe(rangeSets[index], holders));
    }

    private string Describe(RangeSet set, IReadOnlyList<AddressHolder> holders)
    {
        List<string> taken = Taken(set, holders);
        string some = string.Join(", ", taken.Take(HoldersNamed));
        return $"no address is free in range {set}: {taken.Count} are taken, by "
            + $"{some}{(taken.Count > HoldersNamed ? ", …" : "")} (see {store.Directory})";
    }

    private static List<string> Taken(RangeSet set, IReadOnlyList<AddressHolder> holders)
    {
        List<string> taken = [];
        foreach (AddressHolder holder in holders)
        {
            if (set.Find(holder.Address) is { } range && holder.Address != range.Gateway)
                taken.Add($"{holder.ContainerId} ({holder.Address})");
        }

        return taken;
    }

    private bool IsInRange(IpAddress address)
    {
        foreach (RangeSet set in rangeSets)
        {
            if (set.Find(address) is not null) return true;
        }

        return false;
    }
}
