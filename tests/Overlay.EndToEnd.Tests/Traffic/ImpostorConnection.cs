using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Topology;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>A TCP connection whose client is an <see cref="Impostor"/>, and whose server a socket in the pod.</summary>
internal sealed class ImpostorConnection : IDisposable
{
    private const byte Syn = 0x02;
    private const byte Ack = 0x10;
    private const ushort ClientPort = 33_000;

    private readonly Impostor _client;
    private readonly Socket _listener;
    private readonly Socket _server;
    private readonly VxlanDatagram _segment;

    public ImpostorConnection(Impostor client, Pod pod)
    {
        _client = client;
        _listener = pod.Invoke(
            () => new Socket(client.Template.Destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        _listener.Bind(new IPEndPoint(client.Template.Destination, 0));
        _listener.Listen();
        _segment = client.Template with
        {
            Protocol = IpProtocol.Tcp,
            SourcePort = ClientPort,
            DestinationPort = (ushort)((IPEndPoint)_listener.LocalEndPoint!).Port,
        };
        client.Send(
            [(_segment with { TcpFlags = Syn, Sequence = uint.MaxValue }).ToArray()], OuterChecksum.ValidSingly);
        byte[] answer = client.Receive(segment => Flags(segment) == (Syn | Ack));
        TcpHeader.TryParse(answer, out TcpHeader header).ShouldBeTrue();

        // Data begin at sequence number 0.
        _segment = _segment with { Acknowledgment = header.SequenceNumber + 1 };
        client.Send([_segment.ToArray()], OuterChecksum.ValidSingly);
        _server = _listener.Accept();
        _server.ReceiveTimeout = 10_000;
    }

    /// <summary>The datagrams of consecutive segments that carry these data.</summary>
    public IReadOnlyList<byte[]> Segments(byte[] data, int size) =>
        [.. data.Chunk(size)
            .Select((part, i) => (_segment with { Sequence = (uint)(i * size), Payload = part }).ToArray())];

    /// <summary>Where in such a datagram the payload begins.</summary>
    public int PayloadOffset => _segment.PayloadOffset;

    /// <summary>Waits until the pod has acknowledged so many bytes.</summary>
    public void WaitForAcknowledgment(uint bytes) => _ = _client.Receive(segment =>
        TcpHeader.TryParse(segment, out TcpHeader header)
            && header.SourcePort == _segment.DestinationPort && header.AcknowledgmentNumber == bytes);

    /// <summary>What the server's socket delivers, up to so many bytes.</summary>
    public byte[] Read(int bytes)
    {
        byte[] data = new byte[bytes];
        int length = 0;
        while (length < bytes) length += _server.Receive(data.AsSpan(length));
        return data;
    }

    /// <summary>Bytes that the server could still read.</summary>
    public int Available => _server.Available;

    public void Dispose()
    {
        _server.Dispose();
        _listener.Dispose();
    }

    private static byte Flags(byte[] segment) => segment[13];
}
