namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// Whether super-packets of one protocol are written to a TUN: until the kernel has refused a number of them in a row.
/// </summary>
/// <remarks>
/// Kernels and devices take the offer (TUNSETOFFLOAD) and refuse the write, each with EINVAL (seen of UDP on several
/// kernels). One refusal says nothing: that super-packet may be malformed. Changed by the queue's worker alone; any
/// thread reads it.
/// </remarks>
internal sealed class SuperPacketUse(Offloads offload, bool isOffered)
{
    private const int MostRefusals = 16;

    private volatile bool _isOn = isOffered;
    private int _refusals;

    public Offloads Offload => offload;

    public bool IsOn => _isOn;

    /// <summary>The kernel took one.</summary>
    public void Taken() => _refusals = 0;

    /// <summary>The kernel refused one.</summary>
    /// <returns>True when that was the last: the use has ended.</returns>
    public bool IsEndedByRefusal()
    {
        if (!_isOn || ++_refusals < MostRefusals) return false;
        _isOn = false;
        return true;
    }
}
