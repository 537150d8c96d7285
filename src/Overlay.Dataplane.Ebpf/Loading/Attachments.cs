using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>Attaches programs by the better of the two ways that the kernel has.</summary>
public static class Attachments
{
    /// <summary>
    /// Goes on with the pinned link of that device and hook, whose program is swapped; makes a link where there is
    /// none, and a filter where the kernel has no TCX.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="place">Where.</param>
    /// <param name="mayLink">False: a filter also where the kernel has TCX.</param>
    /// <inheritdoc cref="TcxLink.Create" path="/exception"/>
    public static IAttachment Attach(BpfProgram program, Place place, bool mayLink = true)
    {
        if (!mayLink) return ClsactFilter.Create(program, place);
        if (TcxLink.Open(place) is { } known)
        {
            try
            {
                known.Swap(program);
                return known;
            }
            catch
            {
                known.Dispose();
                throw;
            }
        }

        try
        {
            return TcxLink.Create(program, place);
        }
        catch (LinuxException noTcx) when (noTcx is { Errno: Errno.EINVAL, Call: "bpf BPF_LINK_CREATE" })
        {
            return ClsactFilter.Create(program, place);
        }
    }
}
