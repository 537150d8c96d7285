using System.Runtime.InteropServices;

namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// Packets to and from a VTEP, counted since it came into the table. All workers add, a batch's packets at a time; any
/// thread reads.
/// </summary>
/// <remarks>Each direction has a cache line of 64 bytes of its own, as one worker sends while another receives.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 192)]
public sealed class VtepTraffic
{
    [FieldOffset(64)]
    private long _egressPackets;

    [FieldOffset(72)]
    private long _egressBytes;

    [FieldOffset(128)]
    private long _ingressPackets;

    [FieldOffset(136)]
    private long _ingressBytes;

    /// <summary>Inner packets sent to it.</summary>
    public long EgressPackets => Interlocked.Read(ref _egressPackets);

    /// <summary>Bytes of those.</summary>
    public long EgressBytes => Interlocked.Read(ref _egressBytes);

    /// <summary>Inner packets taken from it.</summary>
    public long IngressPackets => Interlocked.Read(ref _ingressPackets);

    /// <summary>Bytes of those.</summary>
    public long IngressBytes => Interlocked.Read(ref _ingressBytes);

    /// <summary>Adds packets that were sent to it.</summary>
    public void AddEgress(long packets, long bytes)
    {
        _ = Interlocked.Add(ref _egressPackets, packets);
        _ = Interlocked.Add(ref _egressBytes, bytes);
    }

    /// <summary>Adds packets that were taken from it.</summary>
    public void AddIngress(long packets, long bytes)
    {
        _ = Interlocked.Add(ref _ingressPackets, packets);
        _ = Interlocked.Add(ref _ingressBytes, bytes);
    }
}
