using Overlay.Host.Interop;
using Overlay.Host.Netlink;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// A filter of clsact, for kernels without TCX. It lives with the device, and needs no pin to outlive this process.
/// </summary>
/// <remarks>
/// The queueing discipline is shared with whoever has filters there, so it is made where it is missing and never
/// removed.
/// </remarks>
public sealed class ClsactFilter : IAttachment
{
    // Behind others' filters, which begin at 1 as a rule; recognised by priority and handle together.
    private const ushort Priority = 0x6f76;

    private readonly Place _place;

    private ClsactFilter(Place place) => _place = place;

    /// <inheritdoc/>
    public int LinkIndex => _place.LinkIndex;

    /// <summary>Attaches a program, in the place of one that an earlier process left.</summary>
    /// <param name="program">The program; the filter keeps it.</param>
    /// <param name="place">Where.</param>
    /// <exception cref="LinuxException">
    /// The kernel has no clsact, or wants CAP_NET_ADMIN, or the device is gone.
    /// </exception>
    public static ClsactFilter Create(BpfProgram program, Place place)
    {
        using RouteNetlink netlink = new();
        netlink.EnsureClsact(place.LinkIndex);
        ClsactFilter filter = new(place);
        filter.Swap(program);
        return filter;
    }

    /// <inheritdoc/>
    public void Swap(BpfProgram program)
    {
        using RouteNetlink netlink = new();
        netlink.SetBpfFilter(
            LinkIndex, _place.Hook == Hook.Ingress, Priority, _place.Handle,
            (int)program.Descriptor.DangerousGetHandle(), program.Name);
    }

    /// <inheritdoc/>
    public void RemoveFromKernel() => _ = TryRemove(_place);

    /// <summary>Removes the filter of a device, whichever process has made it; false where there is none.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static bool TryRemove(Place place)
    {
        using RouteNetlink netlink = new();
        return netlink.TryRemoveFilter(place.LinkIndex, place.Hook == Hook.Ingress, Priority, place.Handle);
    }

    public void Dispose()
    {
        // The kernel has all of it.
    }
}
