using Overlay.Pods.Allocations;

namespace Overlay.Pods.Attachments;

/// <summary>
/// Frees what attachments have left that nobody will ever delete: a runtime that lost its state, or an ADD that was
/// killed. Allocations without a record, such as those of flannel's plugins, are left alone.
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
            // Another plugin's allocation is that plugin's to free, and needs the runtime's configuration: DEL or GC
            // does it.
            if (record.IpamType != AttachmentRecord.HostLocal) continue;
            try
            {
                if (IsLeft(record, before) && Release(record, before)) released.Add(record);
            }
            catch (Exception exception)
                when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                problems.Add(
                    $"{record.ContainerId} {record.InterfaceName} of {record.Network} cannot be released: "
                    + $"{exception.Message}");
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
    private bool IsLeft(AttachmentRecord record, DateTimeOffset before) =>
        record.Time <= before && !hostInterfaceExists(record.HostInterfaceName);

    // Looked at again under the store's lock: an ADD of the same attachment, which writes its record first, may have
    // begun since.
    private bool Release(AttachmentRecord record, DateTimeOffset before)
    {
        AddressStore store = new(record.IpamDirectory, record.Network);
        if (Directory.Exists(store.Directory))
        {
            using IDisposable held = store.Lock();
            if (records.Find(record.Network, record.ContainerId, record.InterfaceName) is not { } now
                || !IsLeft(now, before)) return false;
            store.Release(record.ContainerId, record.InterfaceName);
        }

        records.Remove(record.Network, record.ContainerId, record.InterfaceName);
        return true;
    }
}
