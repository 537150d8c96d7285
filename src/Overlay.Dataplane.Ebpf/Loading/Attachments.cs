using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>Attaches programs by the better of the two ways that the kernel has.</summary>
public static class Attachments
{
    /// <summary>
    /// Goes on with the pinned link of that device and hook, whose program is swapped; makes a link where there is
    /// none, and a filter where the kernel has no TCX.
    /// </summary>
    /// <inheritdoc cref="TcxLink.Create"/>
    public static IAttachment Attach(BpfProgram program, int linkIndex, Hook hook, string? pin = null)
    {
        if (pin is not null && TcxLink.Open(pin, linkIndex, hook) is { } known)
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
            return TcxLink.Create(program, linkIndex, hook, pin);
        }
        catch (LinuxException noTcx) when (noTcx is { Errno: Errno.EINVAL, Call: "bpf BPF_LINK_CREATE" })
        {
            return ClsactFilter.Create(program, linkIndex, hook);
        }
    }
}
