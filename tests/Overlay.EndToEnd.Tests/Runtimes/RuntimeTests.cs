using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Shipping;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>
/// Real container runtimes on nodes that run overlayd, with its plugin and with the reference plugins.
/// </summary>
public class RuntimeTests
{
    private const string Own = "overlay";
    private const string Reference = "bridge";

    // An answer of DNS as large as they come without TCP (EDNS buffer size 1232), and the largest that the pod MTU
    // holds whole.
    private static readonly int[] _datagrams = [1232, 1400];

    [Theory]
    [InlineData(Own)]
    [InlineData(Reference)]
    public void Pods_of_containerd_on_two_nodes_reach_each_other(string plugin)
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "containerd", PodsPerNode = 0 });
        using ContainerdNode a = new(lab["a"]);
        using ContainerdNode b = new(lab["b"]);
        Start(plugin, a, b);
        CheckTraffic(a, b);

        // A container that ends leaves nothing; the one that runs has a veth and two addresses, and a record of our
        // plugin.
        string[] before = a.Traces();
        before.Length.ShouldBe(plugin == Own ? 4 : 3, string.Join('\n', before));
        a.RunOnce("once", "ip", "address", "show", "dev", "eth0").EnsureSuccess().Output.ShouldContain("10.244.1.");
        // The kernel takes the veth of a namespace that has ended a moment later (cleanup_net): ctr has the plugins called then.
        string[] after = [];
        Waiting.For(
            () => (after = a.Traces()).SequenceEqual(before),
            () => $"{string.Join(' ', before)} before, {string.Join(' ', after)} after");
    }

    [Theory]
    [InlineData(Own)]
    [InlineData(Reference)]
    public void Pods_of_podman_on_two_nodes_reach_each_other_and_their_published_ports(string plugin)
    {
        const int Published = 8099;
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "podman", PodsPerNode = 0 });
        using PodmanNode a = new(lab["a"]);
        using PodmanNode b = new(lab["b"]);
        Start(plugin, a, b);
        CheckTraffic(a, b, PodmanNode.PublishedOn(Published));

        // By portmap's rules, from the other node.
        IPEndPoint published = new(lab["a"].UnderlayV4!, Published);
        CheckPage(() => lab["b"].Invoke(() => Connect(published)));
        a.Traces().ShouldContain(static trace => trace.Contains($"--dport {Published}", StringComparison.Ordinal));
        a.Remove("server");
        _ = Should.Throw<SocketException>(() => lab["b"].Invoke(() => Connect(published)));
        a.Traces().ShouldBeEmpty();
    }

    private void Start(string plugin, RuntimeNode a, RuntimeNode b)
    {
        foreach (RuntimeNode runtime in new[] { a, b })
        {
            runtime.Node.WriteConfig(overlay =>
            {
                if (plugin == Own) runtime.UseOverlay(overlay, Path.Combine(PublishedPrograms.Directory, "overlay"));
            });
            if (plugin == Reference) runtime.UseBridge();
            runtime.Node.StartDaemon().WaitReady();
        }

        foreach (RuntimeNode runtime in new[] { a, b })
        {
            Cluster.WaitForPeers(runtime.Node, 1);
            runtime.Start();
        }
    }

    private static void CheckTraffic(RuntimeNode a, RuntimeNode b, params string[] arguments)
    {
        a.RunServer("server", arguments);
        b.RunServer("client");

        // What a program of a container writes right before its end is lost now and then (ctr tasks exec).
        IReadOnlyList<IPAddress> addresses = [];
        Waiting.For(() => (addresses = a.AddressesOf("server")).Count == 2);
        foreach (IPAddress address in addresses)
        {
            Waiting.For(() => b.Exec("client", "ping", "-c", "1", "-W", "1", $"{address}").Succeeded, 30);
            CheckPage(() => NamespaceThread.Invoke(
                b.NamespaceOf("client"), () => Connect(new IPEndPoint(address, RuntimeNode.Port))));
            foreach (int size in _datagrams)
                CheckDatagram(b.NamespaceOf("client"), a.NamespaceOf("server"), address, size);
        }
    }

    private static Socket Connect(IPEndPoint server)
    {
        Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000 };
        socket.Connect(server);
        return socket;
    }

    // Debian's static busybox has a wget that crashes.
    private static void CheckPage(Func<Socket> connect)
    {
        using Socket connection = connect();
        _ = connection.Send("GET /busybox HTTP/1.0\r\n\r\n"u8);
        using MemoryStream answer = new();
        using (NetworkStream stream = new(connection)) stream.CopyTo(answer);
        ReadOnlySpan<byte> all = answer.GetBuffer().AsSpan(0, (int)answer.Length);
        all[(all.IndexOf("\r\n\r\n"u8) + 4)..].SequenceEqual(File.ReadAllBytes(RuntimeNode.Busybox))
            .ShouldBeTrue($"{all.Length} bytes have come, and are not the page");
    }

    private static void CheckDatagram(string from, string to, IPAddress target, int size)
    {
        using Socket server = NamespaceThread.Invoke(to, () =>
        {
            Socket socket = new(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            socket.Bind(new IPEndPoint(target, 0));
            return socket;
        });
        using Socket client = NamespaceThread.Invoke(
            from, () => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 });
        client.Connect(server.LocalEndPoint!);
        byte[] payload = new byte[size];
        Random.Shared.NextBytes(payload);
        _ = client.Send(payload);

        byte[] buffer = new byte[2048];
        EndPoint source = client.LocalEndPoint!;
        int there = server.ReceiveFrom(buffer, ref source);
        buffer.AsSpan(0, there)
            .SequenceEqual(payload).ShouldBeTrue($"{size} bytes to {target} arrive as {there} others");
        _ = server.SendTo(buffer.AsSpan(0, there), source);
        int back = client.Receive(buffer);
        buffer.AsSpan(0, back)
            .SequenceEqual(payload).ShouldBeTrue($"{size} bytes back from {target} arrive as {back} others");
    }
}
