using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Bulk TCP from one namespace to another, with a digest of what was sent and of what arrived.</summary>
internal static class TcpTransfer
{
    private const int Chunk = 256 * 1024;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    /// <summary>Sends random bytes and checks that exactly those arrive.</summary>
    public static void Check(NetworkNamespace from, NetworkNamespace to, IPAddress target, int bytes)
    {
        using Socket listener = to.Invoke(() => Listen(target));
        Task<byte[]> received = Task.Run(() => Receive(listener));
        byte[] sent = from.Invoke(() => Send((IPEndPoint)listener.LocalEndPoint!, bytes));
        received.Wait(_limit).ShouldBeTrue($"{bytes} bytes from {from.Namespace} have not arrived at {target}");
        received.Result.ShouldBe(sent, $"what arrived at {target} is not what {from.Namespace} sent");
    }

    private static Socket Listen(IPAddress address)
    {
        Socket listener = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return listener;
    }

    private static byte[] Receive(Socket listener)
    {
        using Socket connection = listener.Accept();
        connection.ReceiveTimeout = (int)_limit.TotalMilliseconds;
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Chunk];
        while (connection.Receive(buffer) is var length && length > 0) digest.AppendData(buffer, 0, length);
        return digest.GetHashAndReset();
    }

    private static byte[] Send(IPEndPoint target, int bytes)
    {
        using Socket connection = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        connection.SendTimeout = (int)_limit.TotalMilliseconds;
        connection.Connect(target);
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Chunk];
        for (int left = bytes; left > 0; left -= Chunk)
        {
            Span<byte> part = buffer.AsSpan(0, Math.Min(left, Chunk));
            Random.Shared.NextBytes(part);
            digest.AppendData(part);
            while (part.Length > 0) part = part[connection.Send(part)..];
        }

        connection.Shutdown(SocketShutdown.Send);
        return digest.GetHashAndReset();
    }
}
