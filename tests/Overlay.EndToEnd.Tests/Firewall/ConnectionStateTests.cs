using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Firewall;

/// <summary>
/// Connections as the kernel tracks them: rules of the host by their state, and flows older than our rules.
/// </summary>
public sealed class ConnectionStateTests : IDisposable
{
    private const string NftRules =
        "add table inet guard; add chain inet guard input { type filter hook input priority 0; policy drop; }; "
        + "add chain inet guard fresh; add rule inet guard input ct state established,related accept; "
        + "add rule inet guard input iif lo accept; add rule inet guard input ct state new jump fresh; "
        + "add rule inet guard input icmpv6 type != 200 accept; add rule inet guard fresh udp dport 8472 accept";

    private readonly LabNetwork _lab = LabNetwork.Create(
        new() { Name = "state", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });

    private Node A => _lab["a"];

    private Pod Pod => A.Pods[0];

    private Pod Remote => _lab["b"].Pods[0];

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    [InlineData("nft")]
    public void A_host_that_accepts_tunnels_by_the_state_of_new_connections_is_reached(string tool)
    {
        if (tool == "nft") A.Run(tool, NftRules).EnsureSuccess();
        else
        {
            A.Run(tool, "-A", "INPUT", "-m", "state", "--state", "RELATED,ESTABLISHED", "-j", "ACCEPT").EnsureSuccess();
            A.Run(tool, "-A", "INPUT", "-p", "udp", "--dport", "8472", "-m", "state", "--state", "NEW", "-j", "ACCEPT")
                .EnsureSuccess();
            A.Run(tool, "-P", "INPUT", "DROP").EnsureSuccess();
        }

        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons();
        Pod.WaitForPing(Remote.AddressV4!);
        daemons[0].Log.ShouldContain("are tracked as connections, for a rule of this host accepts them only so");
        A.Run("nft", "list", "table", "ip", "overlay-1").Output.ShouldNotContain("notrack");
        _lab["b"].Run("nft", "list", "table", "ip", "overlay-1").Output.ShouldContain("notrack");
        daemons[0].Stop().ShouldBe(0);
        A.Run("nft", "list", "tables").Output.ShouldNotContain("overlay-1");
    }

    [Fact]
    public void A_flow_that_began_while_there_were_no_rules_is_masqueraded_soon_after_the_start()
    {
        // Connections are tracked all the while, as on a host with kube-proxy.
        A.Run("nft", "add table ip tracker; add chain ip tracker seen { type filter hook forward priority 0; }; "
            + "add rule ip tracker seen ct state new counter").EnsureSuccess();
        DaemonProcess daemon = _lab.StartDaemons()[0];
        Pod.WaitForPing(Remote.AddressV4!);
        using Socket outside = _lab.Switch.Invoke(static () =>
        {
            Socket made = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
            made.Bind(new IPEndPoint(LabAddresses.OutsideV4, 0));
            return made;
        });
        using Socket client =
            Pod.Invoke(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        client.Connect(outside.LocalEndPoint!);
        daemon.Stop().ShouldBe(0);
        Waiting.For(() => Equals(Seen(), Pod.AddressV4));

        DaemonProcess again = A.StartDaemon();
        again.WaitReady();
        Waiting.For(() => Equals(Seen(), A.UnderlayV4));

        // And it stays so: the flow is one of many, and the others are left alone.
        Equals(Seen(), A.UnderlayV4).ShouldBeTrue();
        again.Log.ShouldContain("that began without masquerading");

        IPAddress? Seen()
        {
            EndPoint source = new IPEndPoint(IPAddress.Any, 0);
            byte[] datagram = new byte[16];
            while (outside.Available > 0) _ = outside.ReceiveFrom(datagram, ref source);
            _ = client.Send([1]);
            try
            {
                _ = outside.ReceiveFrom(datagram, ref source);
                return ((IPEndPoint)source).Address;
            }
            catch (SocketException silence) when (silence.SocketErrorCode == SocketError.TimedOut)
            {
                return null;
            }
        }
    }
}
