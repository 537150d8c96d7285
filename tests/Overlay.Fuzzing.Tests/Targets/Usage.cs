using Overlay.Fuzzing.Running;

namespace Overlay.Fuzzing.Tests;

/// <summary>What this process holds at one moment.</summary>
/// <param name="Heap">Bytes of managed memory that are in use.</param>
/// <param name="Descriptors">Open descriptors.</param>
internal sealed record Usage(long Heap, int Descriptors)
{
    /// <summary>Of now, without all that nobody refers to any more.</summary>
    public static Usage Now()
    {
        // The second look finds what finalizers of the first have let go.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return new(GC.GetTotalMemory(forceFullCollection: true), OpenDescriptors.Count());
    }
}
