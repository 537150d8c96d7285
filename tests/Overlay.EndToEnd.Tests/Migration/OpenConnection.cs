using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Migration;

/// <summary>One TCP connection between two namespaces, which lasts as long as this does.</summary>
internal sealed class OpenConnection : IDisposable
{
    private const int Chunk = 100_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Socket _near;
    private readonly Socket _far;
    private readonly IPAddress _target;

    public OpenConnection(NetworkNamespace from, NetworkNamespace to, IPAddress target)
    {
        _target = target;
        using Socket listener = to.Invoke(() =>
        {
            Socket socket = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(target, 0));
            socket.Listen();
            return socket;
        });
        _near = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        _near.Connect(listener.LocalEndPoint!);
        _far = listener.Accept();
        foreach (Socket socket in new[] { _near, _far })
            socket.SendTimeout = socket.ReceiveTimeout = (int)_patience.TotalMilliseconds;
    }

    /// <summary>Sends bytes there and others back; all must arrive, on these same sockets.</summary>
    public void Exchange()
    {
        Send(_near, _far);
        Send(_far, _near);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private void Send(Socket from, Socket to)
    {
        byte[] sent = new byte[Chunk];
        Random.Shared.NextBytes(sent);
        Task sending = Task.Run(() =>
        {
            for (int done = 0; done < sent.Length;) done += from.Send(sent.AsSpan(done));
        });
        byte[] received = new byte[Chunk];
        for (int done = 0; done < received.Length;)
        {
            int length = to.Receive(received.AsSpan(done));
            length.ShouldBeGreaterThan(0, $"the connection to {_target} has ended");
            done += length;
        }

        sending.Wait(_patience).ShouldBeTrue();
        received.ShouldBe(sent, $"what arrived on the connection to {_target}");
    }
}
