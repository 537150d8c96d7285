using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>One TCP connection between two pods, and the bytes that are sent through it.</summary>
internal sealed class TcpFlow : IDisposable
{
    // All flows send pieces of it from places of their own: bytes of another flow or place would not fit.
    private static readonly byte[] _noise = Noise(4 * 1024 * 1024);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly int _start;

    private TcpFlow(Socket sender, Socket receiver, int index) =>
        (_sender, _receiver, _start) = (sender, receiver, index * 4099 % (_noise.Length / 2));

    /// <summary>Connects so many sockets to one listener: every second one is to send, the others receive.</summary>
    public static IReadOnlyList<TcpFlow> Connect(
        NetworkNamespace one, NetworkNamespace other, IPAddress target, int count)
    {
        using Socket listener =
            other.Invoke(() => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        listener.Bind(new IPEndPoint(target, 0));
        listener.Listen(count);
        return one.Invoke(() => Enumerable.Range(0, count).Select(index =>
        {
            Socket connecting = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            connecting.Connect(listener.LocalEndPoint!);
            Socket accepted = listener.Accept();
            return index % 2 == 0 ? new TcpFlow(connecting, accepted, index) : new TcpFlow(accepted, connecting, index);
        }).ToList());
    }

    /// <summary>Sends that many bytes; returns how many arrived as they were sent before one that was not.</summary>
    public async Task<int> TransferAsync(int bytes, CancellationToken cancellationToken)
    {
        Task sending = SendAsync(_noise.AsMemory(_start, bytes), cancellationToken);
        int arrived = 0;
        while (arrived < bytes)
        {
            int length = await _receiver.ReceiveAsync(_buffer, cancellationToken);
            if (length == 0 || arrived + length > bytes) return arrived;
            if (!_buffer.AsSpan(0, length).SequenceEqual(_noise.AsSpan(_start + arrived, length))) return arrived;
            arrived += length;
        }

        await sending;
        return arrived;
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0) bytes = bytes[await _sender.SendAsync(bytes, cancellationToken)..];
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
