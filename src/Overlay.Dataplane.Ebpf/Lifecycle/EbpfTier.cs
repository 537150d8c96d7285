using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Ebpf.Mirroring;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>
/// Forwards a network's packets in the kernel: programs on the TUN's egress hook and behind a vxlan device, with the
/// forwarding table in maps. Packets that they leave alone go to the daemon's own loop.
/// </summary>
/// <remarks>
/// <para>
/// In order: <see cref="Create"/>; <see cref="Mirror"/> added to the table's publisher; <see cref="TakePort"/>, for
/// which no socket may have the port; <see cref="AttachEgress"/>. Back: <see cref="DetachEgress"/>,
/// <see cref="ReleasePort"/>.
/// </para>
/// <para>
/// Not thread-safe, but for the mirror, which the table's writer calls meanwhile. Calls are made in the network
/// namespace of the TUN. <see cref="Dispose"/> closes: what is pinned goes on without this process, and a tier without
/// pins ends.
/// </para>
/// </remarks>
public sealed class EbpfTier : IDisposable
{
    private readonly EbpfTierOptions _options;
    private readonly BpfObject _source;
    private readonly Places _places;
    private readonly TierMaps _maps;
    private readonly TierConfig _config;
    private readonly BpfProgram _egress;
    private readonly BpfProgram _ingress;
    private IAttachment? _egressAttachment;
    private TakenPort? _port;
    private UnderlayHook? _underlay;
    private bool _isDisposed;
    private LinkStatistics _former = new(0, 0, 0);

    private EbpfTier(EbpfTierOptions options, BpfObject source, TierMaps maps)
    {
        _options = options;
        _source = source;
        _places = new Places(options.Vni, options.PinDirectory);
        _maps = maps;
        _egress = BpfProgram.Load(source.Programs[Places.EgressProgram], maps.ByName, source.License);
        _ingress = BpfProgram.Load(source.Programs[Places.IngressProgram], maps.ByName, source.License);
        _config = new TierConfig(maps.Config, options.TunIndex);
        Mirror = new TableMirror(maps, _config);
        SetUnderlay(options.Underlay);
    }

    /// <summary>
    /// For <see cref="TablePublisher.Add"/>; programs take packets once it has a table with an own end.
    /// </summary>
    public TableMirror Mirror { get; }

    /// <summary>An earlier process's maps go on.</summary>
    public bool IsAdopted => _maps.IsAdopted;

    public bool IsEgressAttached => _egressAttachment is not null;

    public bool HasPort => _port is not null;

    /// <summary>Loads the programs; makes the maps, or adopts those that are pinned. Nothing is attached yet.</summary>
    /// <exception cref="LinuxException">
    /// The kernel refused; <see cref="Probing.EbpfProbe"/> says why beforehand.
    /// </exception>
    public static EbpfTier Create(EbpfTierOptions options)
    {
        BpfObject source = BpfObject.ReadEmbedded();
        TierMaps maps = options.PinDirectory is { } directory
            ? TierMaps.Open(source, directory)
            : TierMaps.Create(source);
        try
        {
            return new EbpfTier(options, source, maps);
        }
        catch
        {
            maps.Dispose();
            throw;
        }
    }

    /// <summary>A tier of an earlier process has that port for this network.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static bool IsLeft(Vni vni, ushort port) => VxlanDevice.Find(VxlanDevice.NameOf(vni), port) is not null;

    /// <summary>Removes what a tier of an earlier process has left in the kernel.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <param name="vni">The network.</param>
    /// <param name="links">Interface indices of the devices that filters may be on: its TUN, and underlays.</param>
    /// <param name="pinDirectories">Those that earlier processes have made.</param>
    /// <returns>The tier had its device.</returns>
    public static bool RemoveLeftovers(Vni vni, IReadOnlyList<int> links, params IReadOnlyList<string> pinDirectories)
    {
        Places places = new(vni, null);
        bool wasThere = VxlanDevice.RemoveFromKernel(VxlanDevice.NameOf(vni));
        _ = VxlanDevice.RemoveFromKernel(VxlanDevice.BridgeNameOf(vni));
        foreach (int link in links)
        {
            _ = ClsactFilter.TryRemove(places.Egress(link));
            _ = ClsactFilter.TryRemove(places.Underlay(link));
        }

        foreach (string directory in pinDirectories) PinPaths.RemoveAll(directory);
        return wasThere;
    }

    /// <summary>Follows a change of the underlay: its addresses or its MTU.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetUnderlay(UnderlayFacts underlay) => _config.Change(entry => entry with
    {
        UnderlayMtu = (uint)underlay.Mtu,
        VtepV4 = Ipv4Bytes.Of(underlay.AddressV4),
        VtepV6 = AddressBytes.Of(underlay.AddressV6),
        Switches = _options.HasDirectEgress
            ? entry.Switches | TierSwitches.Direct
            : entry.Switches & ~TierSwitches.Direct,
    });

    /// <summary>
    /// Has the kernel send pods' packets; a program that an earlier process has left there is replaced without a gap.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused, or the TUN is gone.</exception>
    public void AttachEgress() =>
        _egressAttachment ??= Attach(_egress, _places.Egress(_options.TunIndex));

    /// <summary>Leaves pods' packets to the daemon's loop again.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void DetachEgress()
    {
        _egressAttachment?.RemoveFromKernel();
        _egressAttachment = null;
    }

    /// <summary>
    /// Has the kernel receive peers' datagrams. The daemon has closed its receiving sockets before; its sending
    /// sockets, which have other ports, stay.
    /// </summary>
    /// <param name="port">UDP port in host byte order.</param>
    /// <exception cref="LinuxException">EADDRINUSE: another has the port; nothing is left behind.</exception>
    public void TakePort(ushort port)
    {
        if (_port is not null) return;
        string name = VxlanDevice.NameOf(_options.Vni);
        _port = TakenPort.Take(name, port, index => AttachBehind(_places.Ingress(index)));
        _config.Change(entry => entry with { VxlanIndex = _port.Device.Index });
        if (_options.PinDirectory is { } directory) PinPaths.RemoveOtherVersions(directory);

        // A process that ended during a handover has left its second device.
        if (_underlay is not { IsBridging: true })
            _ = VxlanDevice.RemoveFromKernel(VxlanDevice.BridgeNameOf(_options.Vni));
    }

    /// <summary>
    /// Attachments and device are still there: nobody has removed the vxlan device or the TUN. Where it is not,
    /// <see cref="DetachEgress"/>, <see cref="ReleasePort"/> and their opposites make it anew.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool IsIntact() =>
        (_egressAttachment is null || _egressAttachment.LinkIndex == _options.TunIndex)
        && (_port is null || _port.Device.IsThere());

    /// <summary>Frees the port for the daemon's sockets. Peers' datagrams are lost until those are bound.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void ReleasePort()
    {
        if (_port is null) return;
        _config.Change(static entry => entry with { VxlanIndex = 0 });
        _former = DeviceStatistics();
        _port.RemoveFromKernel();
        _port = null;
    }

    /// <summary>
    /// Has single frames that are not TCP go to pods round the kernel's UDP; again after the underlay's device has
    /// changed.
    /// </summary>
    /// <returns>
    /// False where the kernel or the underlay cannot: the frames come behind the vxlan device as all others.
    /// </returns>
    /// <exception cref="LinuxException">The kernel refused to attach.</exception>
    public bool TryTakeShortcut() => FindUnderlay()?.TryTakeShortcut() ?? false;

    /// <summary>Ends what <see cref="TryTakeShortcut"/> began.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void LeaveShortcut() => _underlay?.LeaveShortcut();

    /// <summary>
    /// Carries peers' datagrams by a second vxlan device, whoever has the port: between this and
    /// <see cref="EndHandover"/> the daemon closes or binds its receiving sockets, and <see cref="TakePort"/> and
    /// <see cref="ReleasePort"/> lose nothing. UDP_GRO is switched off on the sockets before, as a train of datagrams
    /// cannot be handed over.
    /// </summary>
    /// <returns>False where the kernel or the underlay cannot: the change costs what arrives in between.</returns>
    /// <exception cref="LinuxException">The kernel refused to attach, or has no free port.</exception>
    public bool TryBeginHandover() => FindUnderlay()?.TryBridge() ?? false;

    /// <summary>Ends what <see cref="TryBeginHandover"/> began.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void EndHandover() => _underlay?.EndBridge();

    /// <summary>Counts since the maps were made.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public EbpfCounters ReadCounters() => new(_maps.Counts, DeviceStatistics());

    /// <summary>
    /// Takes the samples of frames from addresses that no peer has: the first frame of each since the last call, of at
    /// most 64 addresses.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<Stranger> TakeStrangers()
    {
        List<Stranger> strangers = [];
        foreach ((AddressBytes address, StrangerEntry entry) in _maps.Strangers.ReadAll())
        {
            _ = _maps.Strangers.TryDelete(address);
            IpFamily outer = (address.Second | address.Third | address.Fourth) == 0 ? IpFamily.IPv4 : IpFamily.IPv6;
            strangers.Add(new Stranger(
                address.ToAddress(outer), new Vni(entry.Vni), entry.From.ToMacAddress(), entry.To.ToMacAddress(),
                entry.Source.ToAddress(entry.Family == 4 ? IpFamily.IPv4 : IpFamily.IPv6)));
        }

        return strangers;
    }

    /// <summary>Detaches everything, and removes the device and the pins.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveFromKernel()
    {
        Detach();
        if (_options.PinDirectory is { } directory) PinPaths.RemoveAll(directory);
    }

    public void Dispose()
    {
        // Without this filters would go on, which need no pin.
        if (_options.PinDirectory is null && !_isDisposed) Detach();
        _isDisposed = true;
        _egressAttachment?.Dispose();
        _port?.Dispose();
        _underlay?.Dispose();
        _egress.Dispose();
        _ingress.Dispose();
        _maps.Dispose();
    }

    private void Detach()
    {
        DetachEgress();
        _underlay?.RemoveFromKernel();
        ReleasePort();
    }

    // Loaded when it is asked for: it has helpers that the tier can do without (bpf_sk_assign, Linux 5.7).
    private UnderlayHook? FindUnderlay()
    {
        if (_underlay is not null) return _underlay;
        try
        {
            BpfProgram program = BpfProgram.Load(
                _source.Programs[Places.UnderlayProgram], _maps.ByName, _source.License);
            return _underlay = new UnderlayHook(
                program, _config, _options.Vni, (underlay, index) => Attach(underlay, _places.Underlay(index)),
                index => AttachBehind(_places.Bridge(index)));
        }
        catch (LinuxException refused) when (refused.Errno is Errno.EINVAL or Errno.EACCES)
        {
            return null;
        }
    }

    private LinkStatistics DeviceStatistics() =>
        _port?.Device.ReadStatistics() is { } now ? _former + now : _former;

    // A link without a pin ends with the process, and the device does not: without a program it would hand frames of
    // everybody to the host. A filter stays as long as the device.
    private IAttachment AttachBehind(Place place) =>
        Attachments.Attach(_ingress, place, _options.HasLinks && place.Pin is not null);

    private IAttachment Attach(BpfProgram program, Place place) =>
        Attachments.Attach(program, place, _options.HasLinks);
}
