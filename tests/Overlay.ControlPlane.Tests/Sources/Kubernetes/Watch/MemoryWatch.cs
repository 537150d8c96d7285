namespace Overlay.ControlPlane.Tests;

/// <summary>
/// The most memory this process takes over what it took at the beginning, looked at a hundred times a second.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    private readonly Timer _timer;
    private readonly long _heapBefore;
    private readonly long _residentBefore;
    private long _heapPeak;
    private long _residentPeak;

    public MemoryWatch()
    {
        _heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        _residentBefore = Resident();
        _timer = new(_ => Look(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
    }

    /// <summary>Of the managed heap, with what is not collected yet, in MB.</summary>
    public double HeapGrowth => (Volatile.Read(ref _heapPeak) - _heapBefore) / 1e6;

    /// <summary>Of all the process has in memory, in MB.</summary>
    public double ResidentGrowth => (Volatile.Read(ref _residentPeak) - _residentBefore) / 1e6;

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        Volatile.Write(
            ref _heapPeak, Math.Max(Volatile.Read(ref _heapPeak), GC.GetTotalMemory(forceFullCollection: false)));
        Volatile.Write(ref _residentPeak, Math.Max(Volatile.Read(ref _residentPeak), Resident()));
    }

    private static long Resident() =>
        long.Parse(File.ReadAllText("/proc/self/statm")
            .Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
