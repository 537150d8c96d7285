using Overlay.Daemon.Networks;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Packets that the kernel has dropped in front of the TUN, as its queue was full. The sum never falls: a network that
/// is made anew has another device, which counts from zero.
/// </summary>
/// <remarks>Drops between the last look at a device and its end are not counted. Any thread may call.</remarks>
internal sealed class TunDrops
{
    private readonly Lock _gate = new();
    private object? _network;
    private long _last;
    private long _sum;

    /// <summary>The sum of now.</summary>
    /// <param name="network">The network of now; null while there is none.</param>
    public long Read(OverlayNetwork? network) => network is null
        ? Read(null, null)
        : Read(network, DeviceStatistics.TransmitDrops(network.DeviceName));

    /// <param name="network">Another one than before has another device.</param>
    /// <param name="drops">The device's count; null where it is not known.</param>
    internal long Read(object? network, long? drops)
    {
        lock (_gate)
        {
            if (drops is not { } now) return _sum;
            if (!ReferenceEquals(network, _network)) (_network, _last) = (network, 0);
            _sum += Math.Max(0, now - _last);
            _last = now;
            return _sum;
        }
    }
}
