using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>A vxlan device that is up, and the program behind it.</summary>
internal sealed class TakenPort : IDisposable
{
    private readonly IAttachment _attachment;

    private TakenPort(VxlanDevice device, IAttachment attachment)
    {
        Device = device;
        _attachment = attachment;
    }

    public VxlanDevice Device { get; }

    /// <summary>Goes on with the device that an earlier process has left up, or makes one.</summary>
    /// <exception cref="LinuxException">EADDRINUSE: another has the port; nothing is left behind.</exception>
    public static TakenPort Take(string name, ushort port, BpfProgram program, string? pin)
    {
        if (VxlanDevice.Find(name, port) is { } known)
            return new TakenPort(known, Attachments.Attach(program, known.Index, Hook.Ingress, pin));
        VxlanDevice device = VxlanDevice.Create(name, port);
        try
        {
            // The program is there before the first packet.
            TakenPort taken = new(device, Attachments.Attach(program, device.Index, Hook.Ingress, pin));
            device.SetUp();
            return taken;
        }
        catch
        {
            device.RemoveFromKernel();
            if (pin is not null) File.Delete(pin);
            throw;
        }
    }

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveFromKernel()
    {
        Device.RemoveFromKernel();
        _attachment.RemoveFromKernel();
    }

    public void Dispose() => _attachment.Dispose();
}
