using System.Net.Sockets;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Sends every byte of one TCP connection back.</summary>
internal static class EchoProgram
{
    public const string Name = "rig-echo";

    public static void Run(string[] values)
    {
        TrafficArguments arguments = new(values);
        using Socket listener = new(arguments.Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(arguments.Server);
        listener.Listen(1);
        TrafficProcess.SayReady();
        using Socket connection = listener.Accept();
        PingPongProgram.Tune(connection);
        byte[] one = new byte[1];
        while (connection.Receive(one) == 1) connection.Send(one);
    }
}
