using System.Net;
using System.Net.Sockets;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Checks;

/// <summary>Checks of the interface that tunnels leave by.</summary>
internal static class UnderlayChecks
{
    public static IReadOnlyList<CheckResult> Look(OverlayOptions options, out UnderlayInterface? underlay)
    {
        underlay = null;
        try
        {
            switch (UnderlayDiscovery.Find(options))
            {
                case UnderlayFinding.Found found:
                    underlay = found.Interface;
                    string addresses = string.Join(" and ", underlay.Addresses);
                    return [CheckResult.Good("underlay", $"{underlay.Link.Name} with {addresses}")];
                case UnderlayFinding.Missing missing:
                    return
                    [
                        CheckResult.Problem(
                            "underlay",
                            $"the daemon would wait for {missing.Wanted}: ip address show; ip route show default"),
                    ];
                default:
                    return [];
            }
        }
        catch (ConfigurationException exception)
        {
            return [CheckResult.Problem("underlay", exception.Message)];
        }
    }

    public static IEnumerable<CheckResult> Mtu(OverlayOptions options, UnderlayInterface underlay)
    {
        CheckResult result;
        try
        {
            OverlayMtu mtu = OverlayMtu.For(options, underlay);
            result = CheckResult.Good(
                "mtu", $"{underlay.Exit.Name} takes {underlay.Exit.Mtu} bytes, which leaves pods {mtu.Pod}");
        }
        catch (ConfigurationException exception)
        {
            result = CheckResult.Problem("mtu", exception.Message);
        }

        yield return result;
    }

    public static IEnumerable<CheckResult> Port(OverlayOptions options, UnderlayInterface underlay)
    {
        int port = options.Network.Port;
        foreach (IpAddress address in underlay.Addresses)
        {
            IPEndPoint end = new(address.ToIPAddress(), port);
            using Socket socket = new(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            CheckResult result;
            try
            {
                socket.Bind(end);
                result = CheckResult.Good("port", $"UDP port {port} of {address} is free");
            }
            catch (SocketException taken)
            {
                result = CheckResult.Problem(
                    "port",
                    $"UDP port {port} of {address} cannot be had ({taken.SocketErrorCode}), so no tunnel ends here: ss "
                    + $"-ulnp sport = :{port} shows a program, ip -d link show type vxlan a device of the kernel");
            }

            yield return result;
        }
    }

    public static IEnumerable<CheckResult> ReversePath(UnderlayInterface underlay) =>
    [
        ReversePathFilter.Find(underlay.Link.Name) is { } strict
            ? CheckResult.Warning("reverse path filter", strict)
            : CheckResult.Good("reverse path filter", $"not strict on {underlay.Link.Name}"),
    ];
}
