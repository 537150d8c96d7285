namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// The open descriptors of a TUN device, for another process: what <see cref="TunQueues.Descriptors"/> lists and
/// <see cref="TunQueues.Adopt"/> takes.
/// </summary>
/// <param name="Queues">The queues, in order.</param>
/// <param name="Writer">The detached one that packets are written by; null where each queue is written to itself.</param>
public sealed record TunDescriptors(IReadOnlyList<int> Queues, int? Writer)
{
    public IReadOnlyList<int> All => Writer is { } writer ? [.. Queues, writer] : Queues;
}
