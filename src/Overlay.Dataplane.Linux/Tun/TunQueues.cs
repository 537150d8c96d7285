using System.Collections;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>All queues of a layer-3 TUN device: the kernel spreads flows over them, and each has a reader of its own.</summary>
/// <remarks>
/// Several queues are read only. The kernel moves a flow to the queue that its answers are written by (tun_flow_update,
/// drivers/net/tun.c), and there its packets overtake those that the former queue still holds. All packets are written by one
/// more descriptor, which is detached (TUNSETQUEUE) and so teaches the kernel nothing: a flow stays on the queue that its
/// hash names.
/// </remarks>
public sealed class TunQueues : IReadOnlyList<TunDevice>, IDisposable
{
    private readonly List<TunDevice> _queues = [];
    private readonly FileDescriptor? _writer;

    private TunQueues(FileDescriptor? writer) => _writer = writer;

    /// <summary>The device's name.</summary>
    public string Name => _queues[0].Name;

    /// <summary>
    /// To be sent to another process, which adopts its own: packets queued meanwhile are there.
    /// </summary>
    public TunDescriptors Descriptors => new(
        _queues.ConvertAll(static queue => queue.Number), _writer is null ? null : (int)_writer.DangerousGetHandle());

    public int Count => _queues.Count;

    public TunDevice this[int index] => _queues[index];

    /// <summary>Creates a device, down and without addresses.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="count">Queues, 1 or more.</param>
    /// <param name="offloads">What to use of the TUN's, where the kernel has it.</param>
    /// <param name="isThere">A device that an earlier owner has left by <see cref="TunDevice.Persist"/> is taken over.</param>
    /// <exception cref="LinuxException">
    /// No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use; EINVAL where one with one queue was to be one with
    /// several, or the other way round.
    /// </exception>
    public static TunQueues Create(string name, int count, Offloads offloads, bool isThere = false)
    {
        // Several queues make the kernel hash every packet, which one queue need not pay for. The first descriptor makes the
        // device, and no other than ours is joined. The writer comes first: a queue that is detached loses what it holds.
        bool hasMore = count > 1;
        TunQueues queues = new(hasMore ? OpenWriter(name, !isThere, offloads) : null);
        return queues.Fill(() =>
        {
            while (queues.Count < count)
            {
                bool isFirst = !isThere && !hasMore;
                queues._queues.Add(TunDevice.Open(name, isFirst, hasMore, offloads, queues._writer));
            }
        });
    }

    /// <summary>Goes on with a device that another process has opened: packets queued meanwhile are there.</summary>
    /// <param name="descriptors">Owned by the new object, and closed if there is none.</param>
    /// <param name="offloads">
    /// As for <see cref="Create"/>, but for the header: that was settled when the device was made.
    /// </param>
    /// <exception cref="LinuxException">A descriptor is no TUN's.</exception>
    public static TunQueues Adopt(TunDescriptors descriptors, Offloads offloads)
    {
        TunQueues queues = new(descriptors.Writer is { } writer ? new FileDescriptor(writer) : null);
        return queues.Fill(() =>
        {
            foreach (int descriptor in descriptors.Queues)
                queues._queues.Add(TunDevice.Adopt(descriptor, offloads, queues._writer));
        });
    }

    /// <inheritdoc cref="TunDevice.Persist"/>
    public void Persist(bool isKept) => _queues[0].Persist(isKept);

    public IEnumerator<TunDevice> GetEnumerator() => _queues.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        foreach (TunDevice queue in _queues) queue.Dispose();
        _writer?.Dispose();
    }

    private static FileDescriptor OpenWriter(string name, bool isFirst, Offloads offloads)
    {
        FileDescriptor writer = TunDescriptor.Open(name, isFirst, hasMore: true, ref offloads);
        TunDescriptor.Detach(writer, name);
        return writer;
    }

    private TunQueues Fill(Action add)
    {
        try
        {
            add();
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }
}
