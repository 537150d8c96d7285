using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// A TCX link (Linux 6.6, kernel/bpf/tcx.c): it attaches a program while a descriptor or a pin holds it.
/// </summary>
public sealed class TcxLink : IAttachment
{
    private const int BPF_TCX_INGRESS = 46;
    private const int BPF_TCX_EGRESS = 47;
    private const int InfoLength = 32;
    private const int InfoLinkIndex = 16;
    private const int InfoAttachType = 20;
    private const uint BPF_LINK_TYPE_TCX = 11;

    private readonly FileDescriptor _link;
    private readonly string? _pin;

    private TcxLink(FileDescriptor link, string? pin)
    {
        _link = link;
        _pin = pin;
    }

    /// <inheritdoc/>
    public int LinkIndex => (int)Info()[InfoLinkIndex / sizeof(uint)];

    /// <summary>Id of the program that runs, as bpftool lists it.</summary>
    public uint ProgramId => Info()[2];

    /// <summary>Attaches a program behind those that are there.</summary>
    /// <param name="program">The program; the link keeps it.</param>
    /// <param name="place">Where.</param>
    /// <exception cref="LinuxException">
    /// EINVAL: the kernel has no TCX. ENODEV: it has no such device. EPERM: it wants CAP_NET_ADMIN.
    /// </exception>
    public static TcxLink Create(BpfProgram program, Place place)
    {
        BpfAttributes attributes = default;
        attributes.Set(0, (int)program.Descriptor.DangerousGetHandle());
        attributes.Set(4, place.LinkIndex);
        attributes.Set(8, TypeOf(place.Hook));
        TcxLink link = new(
            new FileDescriptor(BpfCall.Require(
                BpfCommand.LinkCreate, attributes, "BPF_LINK_CREATE", $"{program.Name} at {place}")),
            place.Pin);
        try
        {
            if (place.Pin is { } pin) BpfCall.Pin(link._link, pin);
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a pinned link of that device and hook. Null where nothing is pinned; another link there loses its pin.
    /// </summary>
    /// <exception cref="LinuxException">The path may not be opened.</exception>
    public static TcxLink? Open(Place place)
    {
        if (place.Pin is not { } pin || BpfCall.Open(pin) is not { } descriptor) return null;
        TcxLink link = new(descriptor, pin);
        ReadOnlySpan<uint> info = link.Info();
        bool isMeant = info[0] == BPF_LINK_TYPE_TCX && info[InfoLinkIndex / sizeof(uint)] == place.LinkIndex
            && info[InfoAttachType / sizeof(uint)] == TypeOf(place.Hook);
        if (isMeant) return link;
        link.RemoveFromKernel();
        return null;
    }

    /// <inheritdoc/>
    public void Swap(BpfProgram program)
    {
        BpfAttributes attributes = default;
        attributes.Set(0, (int)_link.DangerousGetHandle());
        attributes.Set(4, (int)program.Descriptor.DangerousGetHandle());
        _ = BpfCall.Require(BpfCommand.LinkUpdate, attributes, "BPF_LINK_UPDATE", $"the link of {program.Name}");
    }

    /// <inheritdoc/>
    public void RemoveFromKernel()
    {
        if (_pin is not null) File.Delete(_pin);
        _link.Dispose();
    }

    public void Dispose() => _link.Dispose();

    // struct bpf_link_info: type, id, prog_id, 4 bytes of padding, then by type; tcx: ifindex, attach_type.
    private uint[] Info()
    {
        uint[] info = new uint[InfoLength / sizeof(uint)];
        BpfCall.ReadInfo(_link, MemoryMarshal.AsBytes(info.AsSpan()), _pin ?? "a TCX link");
        return info;
    }

    private static int TypeOf(Hook hook) => hook == Hook.Ingress ? BPF_TCX_INGRESS : BPF_TCX_EGRESS;
}
