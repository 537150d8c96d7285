using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// Payloads that were damaged before they were encapsulated: the pod's kernel finds each, and no damaged byte is
/// delivered.
/// </summary>
public sealed class CorruptionTests : IDisposable
{
    private const int Size = 1200;
    private const int Count = 40;
    private const ushort Discard = 9;

    private readonly Cluster _cluster = Cluster.Start(new LabOptions { Name = "corrupt", Nodes = 1 });
    private readonly IReadOnlyList<Impostor> _impostors;

    public CorruptionTests() => _impostors = _cluster.Guard(() => Impostor.Join(_cluster, Pod));

    public static TheoryData<IpFamily, OuterChecksum> Ways => new()
    {
        { IpFamily.IPv4, OuterChecksum.ValidInTrains },
        { IpFamily.IPv4, OuterChecksum.ValidSingly },
        { IpFamily.IPv4, OuterChecksum.Zero },
        { IpFamily.IPv6, OuterChecksum.ValidInTrains },
        { IpFamily.IPv6, OuterChecksum.ValidSingly },
    };

    private Pod Pod => _cluster["a"].Pods[0];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Damaged_udp_datagrams_are_found_and_the_others_arrive(IpFamily family, OuterChecksum checksum)
    {
        Impostor impostor = Of(family);
        using Socket socket = Pod.Invoke(
            () => new Socket(impostor.Template.Destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(impostor.Template.Destination, Discard));
        socket.ReceiveTimeout = 5000;
        long before = UdpErrors(family);
        int[] damaged = [0, 1, 7, 20, 21, 22, Count - 1];
        byte[][] payloads = [.. Enumerable.Range(0, Count).Select(_ => Random(Size))];
        byte[][] datagrams = [.. payloads.Select(payload => (impostor.Template with { Payload = payload }).ToArray())];
        foreach (int i in damaged) datagrams[i][^(i + 1)] ^= 0x10;

        impostor.Send(datagrams, checksum);

        byte[] buffer = new byte[65_536];
        foreach (byte[] payload in payloads.Where((_, i) => !damaged.Contains(i)))
            buffer.AsSpan(0, socket.Receive(buffer))
                .SequenceEqual(payload).ShouldBeTrue("a datagram is damaged, doubled or out of order");

        // A last sound one shows that the rest has been judged.
        impostor.Send([(impostor.Template with { Payload = [1] }).ToArray()], checksum);
        socket.Receive(buffer).ShouldBe(1);
        (UdpErrors(family) - before).ShouldBe(damaged.Length);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Damaged_tcp_segments_are_found_and_never_delivered(IpFamily family, OuterChecksum checksum)
    {
        using ImpostorConnection connection = new(Of(family), Pod);
        long before = TcpErrors();
        byte[] data = Random(Size * Count);
        int[] damaged = [5, 6, 17, Count - 1];
        byte[][] sound = [.. connection.Segments(data, Size)];
        byte[][] sent = [.. sound.Select(static datagram => (byte[])[.. datagram])];
        foreach (int i in damaged) sent[i][connection.PayloadOffset + (i * 20)] ^= 0x01;

        Of(family).Send(sent, checksum);
        connection.WaitForAcknowledgment((uint)(damaged[0] * Size));
        connection.Read(damaged[0] * Size).AsSpan().SequenceEqual(data.AsSpan(0, damaged[0] * Size)).ShouldBeTrue();

        // Sent again, whole; until then nothing behind the first damaged one can have been delivered.
        connection.Available.ShouldBe(0);
        Of(family).Send([.. damaged.Select(i => sound[i])], checksum);
        connection.WaitForAcknowledgment((uint)data.Length);
        connection.Read(data.Length - (damaged[0] * Size))
            .AsSpan().SequenceEqual(data.AsSpan(damaged[0] * Size)).ShouldBeTrue();
        connection.Available.ShouldBe(0);
        (TcpErrors() - before).ShouldBe(damaged.Length);
    }

    public void Dispose()
    {
        foreach (Impostor impostor in _impostors) impostor.Dispose();
        _cluster.Dispose();
    }

    private Impostor Of(IpFamily family) => _impostors[family == IpFamily.IPv4 ? 0 : 1];

    private static byte[] Random(int length)
    {
        byte[] bytes = new byte[length];
        System.Random.Shared.NextBytes(bytes);
        return bytes;
    }

    // One counter for both families.
    private long TcpErrors() => Snmp("Tcp:");

    private long UdpErrors(IpFamily family)
    {
        if (family == IpFamily.IPv4) return Snmp("Udp:");
        string line = Pod.Run("grep", "Udp6InCsumErrors", "/proc/net/snmp6").EnsureSuccess().Output;
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1], CultureInfo.InvariantCulture);
    }

    private long Snmp(string protocol)
    {
        string[][] lines = [.. Pod.Run("grep", protocol, "/proc/net/snmp").EnsureSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' '))];
        return long.Parse(lines[1][Array.IndexOf(lines[0], "InCsumErrors")], CultureInfo.InvariantCulture);
    }
}
