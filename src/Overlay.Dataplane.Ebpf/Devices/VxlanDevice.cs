using System.Globalization;
using Overlay.Host.Interop;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Devices;

/// <summary>
/// The vxlan device in external mode that has a UDP port: the kernel joins datagrams on their way in for the sake of
/// its socket (GRO), and decapsulates them. It has no address and no route.
/// </summary>
/// <remarks>
/// Devices and sockets of programs cannot share a port: the kernel's socket binds the wildcard address. Not
/// thread-safe. Calls are made in the network namespace of the device.
/// </remarks>
public sealed class VxlanDevice
{
    private const string Stamp = "overlayd";
    private const string Prefix = "ovx.";

    // RFC 7348 section 5; the programs have the same range, so that a flow has one port either way.
    private static readonly (ushort, ushort) _sourcePorts = (49_152, 65_535);

    private VxlanDevice(string name, int index)
    {
        Name = name;
        Index = index;
    }

    public string Name { get; }

    /// <summary>Interface index.</summary>
    public int Index { get; }

    /// <summary>UDP port in host byte order.</summary>
    public ushort Port { get; private init; }

    /// <summary>The name of the device of a network; at most 12 bytes.</summary>
    public static string NameOf(Vni vni) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{vni.Value}");

    /// <summary>The name of the device that carries a network while its port changes hands.</summary>
    public static string BridgeNameOf(Vni vni) => string.Create(CultureInfo.InvariantCulture, $"ovy.{vni.Value}");

    /// <summary>The networks that have such a device with this port, whoever runs or has run them.</summary>
    /// <param name="port">UDP port in host byte order.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static IReadOnlyList<Vni> FindAll(ushort port)
    {
        using RouteNetlink netlink = new();
        List<Vni> found = [];
        foreach (LinkInfo link in netlink.GetLinks())
        {
            if (link.Alias == Stamp && VniOf(link.Name) is { } vni && netlink.FindExternalVxlanPort(link.Name) == port)
                found.Add(vni);
        }

        return found;
    }

    /// <summary>
    /// Takes over the device that an earlier process has left up; null where there is none with that port.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static VxlanDevice? Find(string name, ushort port)
    {
        using RouteNetlink netlink = new();
        bool isOurs = netlink.FindLink(name) is { Alias: Stamp, IsUp: true }
            && netlink.FindExternalVxlanPort(name) == port;
        return isOurs ? new VxlanDevice(name, netlink.FindLink(name)!.Index) { Port = port } : null;
    }

    /// <summary>
    /// Makes the device, down; one of that name that an earlier process has left is removed first, and its port is free
    /// then.
    /// </summary>
    /// <param name="name">By <see cref="NameOf"/> or <see cref="BridgeNameOf"/>.</param>
    /// <param name="port">UDP port in host byte order.</param>
    /// <exception cref="LinuxException">
    /// EADDRINUSE: another vxlan device has the port. EEXIST: another's device has the name.
    /// </exception>
    public static VxlanDevice Create(string name, ushort port)
    {
        using RouteNetlink netlink = new();
        if (netlink.FindLink(name) is { } known)
        {
            if (known.Alias != Stamp)
                throw new LinuxException("making the device", $"{name}, whose name another has", Errno.EEXIST);
            netlink.Delete(known);
        }

        try
        {
            netlink.CreateExternalVxlan(name, port, _sourcePorts);
        }
        catch (LinuxException taken) when (taken.Errno == Errno.EEXIST)
        {
            throw PortTaken(name, port);
        }

        LinkInfo link = netlink.FindLink(name) ?? throw new LinuxException("RTM_GETLINK", name, Errno.ENODEV);
        netlink.SetAlias(link, Stamp);
        Sysctl.Set($"net/ipv6/conf/{name}/disable_ipv6", "1");
        return new VxlanDevice(name, link.Index) { Port = port };
    }

    /// <summary>
    /// Brings the device up, which binds its port. Programs are attached before, so that no packet meets none.
    /// </summary>
    /// <exception cref="LinuxException">EADDRINUSE: a socket or another vxlan device has the port.</exception>
    public void SetUp()
    {
        using RouteNetlink netlink = new();
        try
        {
            netlink.SetUp(Name);
        }
        catch (LinuxException taken) when (taken.Errno is Errno.EADDRINUSE or Errno.EEXIST)
        {
            throw PortTaken(Name, Port);
        }
    }

    /// <summary>The device is up, and still this one.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool IsThere()
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(Name) is { IsUp: true } link && link.Index == Index;
    }

    /// <summary>Frames that the device has refused before any program saw them; null where the device is gone.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public LinkStatistics? ReadStatistics()
    {
        using RouteNetlink netlink = new();
        return netlink.FindStatistics(Name);
    }

    /// <summary>Removes the device; its port is free afterwards.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveFromKernel() => RemoveFromKernel(Name);

    /// <summary>Removes the device of that name, if it is one of ours; false where there is none.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static bool RemoveFromKernel(string name)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(name) is { Alias: Stamp } && netlink.TryDelete(name);
    }

    private static Vni? VniOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && uint.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out uint vni)
        && vni <= Vni.Max && NameOf(new Vni(vni)) == name ? new Vni(vni) : null;

    private static LinuxException PortTaken(string name, ushort port) => new(
        "taking the UDP port",
        $"{port}/udp for {name}, which a socket or another vxlan device has (ss -uanp, ip -d link)",
        Errno.EADDRINUSE);
}
