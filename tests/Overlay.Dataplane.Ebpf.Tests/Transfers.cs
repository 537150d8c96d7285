using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>TCP streams between the nodes' pods.</summary>
internal static class Transfers
{
    private const int Port = 5001;
    private const int Timeout = 20_000;

    // Odd, so that writes and segments do not fall together.
    private const int Write = 99_991;

    /// <summary>Sends so many random bytes, and compares what arrives.</summary>
    public static void Run(TierEnd from, TierEnd to, string target, int bytes)
    {
        byte[] data = RandomNumberGenerator.GetBytes(bytes);
        IPEndPoint end = new(IPAddress.Parse(target), Port);
        using Socket listener = to.Node.Invoke(() =>
        {
            Socket socket = new(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(end);
            socket.Listen();
            return socket;
        });
        using Socket sender = from.Node.Invoke(
            () => new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        sender.SendTimeout = Timeout;
        sender.Connect(end);
        using Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = Timeout;
        Task sending = Task.Run(() =>
        {
            for (int sent = 0; sent < data.Length;)
                sent += sender.Send(data.AsSpan(sent, Math.Min(Write, data.Length - sent)));
            sender.Shutdown(SocketShutdown.Send);
        });
        using NetworkStream stream = new(receiver);
        SHA256.HashData(stream).ShouldBe(SHA256.HashData(data));
        sending.Wait();
    }
}
