namespace Overlay.Ipam;

/// <summary>
/// Frees what attachments have left that nobody will ever delete: a runtime that lost its state, or an ADD that was killed.
/// Allocations without a record, such as those of flannel's plugins, are left alone.
/// </summary>
/// <param name="records">The attachments of this node.</param>
/// <param name="hostInterfaceExists">Whether the node has an interface of that name.</param>
public sealed class AttachmentReconciler(AttachmentRecords records, Func<string, bool> hostInterfaceExists)
{
    /// <summary>Goes on after an error.</summary>
    /// <param name="minimumAge">Younger ones may be on their way.</param>
    /// <param name="problems">What could not be read or freed.</param>
    /// <returns>Those whose record and addresses are gone now.</returns>
    public IReadOnlyList<AttachmentRecord> Reconcile(TimeSpan minimumAge, ICollection<string> problems)
    {
        List<AttachmentRecord> released = [];
        DateTimeOffset before = DateTimeOffset.UtcNow - minimumAge;
        foreach (AttachmentRecord record in records.List(problems))
        {
            if (record.Time > before || hostInterfaceExists(record.HostInterfaceName)) continue;

            // Another plugin's allocation is that plugin's to free, and needs the runtime's configuration: DEL or GC does it.
            if (record.IpamType != AttachmentRecord.HostLocal) continue;
            try
            {
                AddressAllocator.Release(new AddressStore(record.IpamDirectory, record.Network), record.ContainerId, record.InterfaceName);
                records.Remove(record.Network, record.ContainerId, record.InterfaceName);
                released.Add(record);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                problems.Add($"{record.ContainerId} {record.InterfaceName} of {record.Network} cannot be released: {exception.Message}");
            }
        }

        try
        {
            records.RemoveHalves(minimumAge);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problems.Add(exception.Message);
        }

        return released;
    }
}
