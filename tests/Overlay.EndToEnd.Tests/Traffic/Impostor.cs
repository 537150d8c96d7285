using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// A peer that makes its datagrams by hand: a VTEP at the underlay's switch, of which the nodes know by its lease.
/// </summary>
internal sealed class Impostor : IDisposable
{
    private const int Number = 9;
    private const int SolSocket = 1;
    private const int NoCheck = 11;
    private const int SolUdp = 17;
    private const int UdpSegment = 103;

    private readonly Socket _socket;
    private readonly IPEndPoint _target;
    private readonly VxlanDatagram _template;

    private Impostor(LabNetwork lab, Pod pod, IPAddress target, IPAddress destination)
    {
        bool isIpv4 = target.AddressFamily == AddressFamily.InterNetwork;
        IPAddress source = isIpv4 ? LabAddresses.OutsideV4 : LabAddresses.OutsideV6;
        _target = new IPEndPoint(target, lab.Options.Port);
        _socket = lab.Switch.Invoke(
            () => new Socket(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 });
        _socket.Bind(new IPEndPoint(source, lab.Options.Port));
        _template = new VxlanDatagram
        {
            SourceMac = MacAddress.Parse(LabAddresses.VtepMac(Number)),
            DestinationMac = MacAddress.Parse(VxlanPeer.Read(pod.Node.LeaseFile).VtepMac!),
            Source = isIpv4 ? LabAddresses.PodV4(Number, 1) : LabAddresses.PodV6(Number, 1),
            Destination = destination,
        };
    }

    /// <summary>
    /// Publishes the peer's lease; returns it for each family of the pod, once the pod's node has accepted it.
    /// </summary>
    /// <param name="cluster">With one node that runs ours.</param>
    /// <param name="pod">The one that is sent to.</param>
    public static IReadOnlyList<Impostor> Join(Cluster cluster, Pod pod)
    {
        VxlanPeer lease = new(
            LabAddresses.PodCidrV4(Number), LabAddresses.OutsideV4, LabAddresses.VtepMac(Number),
            LabAddresses.PodCidrV6(Number), LabAddresses.OutsideV6, LabAddresses.VtepMac(Number));
        lease.Write(Path.Combine(cluster.Lab.LeaseDirectory, "impostor.json"), cluster.Lab.Options.Vni);
        Cluster.WaitForPeers(pod.Node, 1);
        return
        [
            new Impostor(cluster.Lab, pod, pod.Node.UnderlayV4!, pod.AddressV4!),
            new Impostor(cluster.Lab, pod, pod.Node.UnderlayV6!, pod.AddressV6!),
        ];
    }

    /// <summary>A sound datagram to the pod.</summary>
    public VxlanDatagram Template => _template;

    /// <summary>Sends datagrams of one size, of which the last may be shorter, in the way given.</summary>
    public void Send(IReadOnlyList<byte[]> datagrams, OuterChecksum checksum)
    {
        // The kernel makes no train without checksums, nor could it be joined again: those go one by one, and as fast.
        bool isTrain = checksum == OuterChecksum.ValidInTrains;
        if (_socket.AddressFamily == AddressFamily.InterNetwork)
            _socket.SetRawSocketOption(
                SolSocket, NoCheck, BitConverter.GetBytes(checksum == OuterChecksum.Zero ? 1 : 0));
        _socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(isTrain ? datagrams[0].Length : 0));
        if (isTrain) _ = _socket.SendTo([.. datagrams.SelectMany(static datagram => datagram)], _target);
        else foreach (byte[] datagram in datagrams) _ = _socket.SendTo(datagram, _target);
    }

    /// <summary>The next inner TCP segment from the pod that the condition holds for.</summary>
    public byte[] Receive(Func<byte[], bool> isWanted)
    {
        byte[] buffer = new byte[65_536];
        while (true)
        {
            byte[] datagram = buffer[.._socket.Receive(buffer)];
            byte[] segment = datagram[_template.TransportOffset..];
            if (segment.Length >= TcpHeader.MinLength && isWanted(segment)) return segment;
        }
    }

    public void Dispose() => _socket.Dispose();
}
