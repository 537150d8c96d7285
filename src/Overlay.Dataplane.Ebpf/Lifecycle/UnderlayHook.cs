using System.Buffers.Binary;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Ebpf.Mirroring;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>
/// The program on the underlay's device: a shortcut for single frames, and the bridge that carries datagrams while the
/// port changes hands.
/// </summary>
/// <param name="program">The program on the underlay's device; owned.</param>
/// <param name="config">Its switches.</param>
/// <param name="vni">The network.</param>
/// <param name="attach">Attaches the program to the underlay.</param>
/// <param name="attachBehind">Attaches the program behind the vxlan device of that interface index.</param>
internal sealed class UnderlayHook(
    BpfProgram program, TierConfig config, Vni vni, Func<BpfProgram, int, IAttachment> attach,
    Func<int, IAttachment> attachBehind) : IDisposable
{
    private const int MostPorts = 16;
    private const int FirstPort = 20_000;
    private const int LastPort = 30_000;

    private IAttachment? _attachment;
    private TakenPort? _bridge;

    public bool IsBridging => _bridge is not null;

    /// <summary>
    /// Has single frames that are not TCP go round the kernel's UDP; false where the underlay is no Ethernet.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryTakeShortcut()
    {
        if (!TryAttach()) return false;
        config.Change(static entry => entry with { Switches = entry.Switches | TierSwitches.Shortcut });
        return true;
    }

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void LeaveShortcut()
    {
        config.Change(static entry => entry with { Switches = entry.Switches & ~TierSwitches.Shortcut });
        DetachIfIdle();
    }

    /// <summary>
    /// Has a vxlan device on a free port get the datagrams that come to ours; false where the underlay is no Ethernet.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryBridge()
    {
        if (_bridge is not null) return true;
        if (!TryAttach()) return false;
        _bridge = TakeFreePort(out ushort port);
        ushort wire = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(port) : port;
        config.Change(entry => entry with { BridgePort = wire, Switches = entry.Switches | TierSwitches.Bridge });
        return true;
    }

    /// <summary>Leaves datagrams to whoever has the port.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void EndBridge()
    {
        config.Change(static entry => entry with { BridgePort = 0, Switches = entry.Switches & ~TierSwitches.Bridge });
        _bridge?.RemoveFromKernel();
        _bridge = null;
        DetachIfIdle();
    }

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveFromKernel()
    {
        LeaveShortcut();
        EndBridge();
    }

    public void Dispose()
    {
        _attachment?.Dispose();
        _bridge?.Dispose();
        program.Dispose();
    }

    // Offsets in the program are those of an Ethernet frame.
    private bool TryAttach()
    {
        int index = config.Current.UnderlayIndex;
        if (_attachment is not null && _attachment.LinkIndex == index) return true;
        using RouteNetlink netlink = new();
        if (!IsEthernet(netlink, index)) return false;
        _attachment?.RemoveFromKernel();
        _attachment = null;
        _attachment = attach(program, index);
        return true;
    }

    private static bool IsEthernet(RouteNetlink netlink, int index)
    {
        foreach (LinkInfo link in netlink.GetLinks())
        {
            if (link.Index == index) return !link.Address.IsZero;
        }

        return false;
    }

    private void DetachIfIdle()
    {
        if ((config.Current.Switches & (TierSwitches.Shortcut | TierSwitches.Bridge)) != 0) return;
        _attachment?.RemoveFromKernel();
        _attachment = null;
    }

    private TakenPort TakeFreePort(out ushort port)
    {
        for (int i = 1; ; i++)
        {
            port = (ushort)Random.Shared.Next(FirstPort, LastPort);
            try
            {
                return TakenPort.Take(VxlanDevice.BridgeNameOf(vni), port, attachBehind);
            }
            catch (LinuxException taken) when (taken.Errno == Errno.EADDRINUSE && i < MostPorts)
            {
                // Another port, then.
            }
        }
    }
}
