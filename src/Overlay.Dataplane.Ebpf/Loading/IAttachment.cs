using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>A program on a device's hook: by a TCX link (Linux 6.6), or as a filter of clsact.</summary>
/// <remarks>
/// Closing is not removing: what is pinned, and a filter, runs on after <see cref="IDisposable.Dispose"/>.
/// </remarks>
public interface IAttachment : IDisposable
{
    /// <summary>Interface index of the device; 0 where the device is gone, and the attachment with it.</summary>
    int LinkIndex { get; }

    /// <summary>Puts another program in the place of this one; each packet meets one of the two.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    void Swap(BpfProgram program);

    /// <summary>Takes the program off the device, and the pin away.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    void RemoveFromKernel();
}
