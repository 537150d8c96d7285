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
    /// <param name="name">The device's.</param>
    /// <param name="port">UDP port in host byte order.</param>
    /// <param name="attach">Attaches the program behind the device of that interface index.</param>
    /// <exception cref="LinuxException">EADDRINUSE: another has the port; nothing is left behind.</exception>
    public static TakenPort Take(string name, ushort port, Func<int, IAttachment> attach)
    {
        if (VxlanDevice.Find(name, port) is { } known) return new TakenPort(known, attach(known.Index));
        VxlanDevice device = VxlanDevice.Create(name, port);
        IAttachment? attachment = null;
        try
        {
            // The program is there before the first packet.
            attachment = attach(device.Index);
            device.SetUp();
            return new TakenPort(device, attachment);
        }
        catch
        {
            attachment?.RemoveFromKernel();
            device.RemoveFromKernel();
            throw;
        }
    }

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveFromKernel()
    {
        // The device first, so that no packet meets it without the program. A filter goes with it.
        Device.RemoveFromKernel();
        _attachment.RemoveFromKernel();
    }

    public void Dispose() => _attachment.Dispose();
}
