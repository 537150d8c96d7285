using System.Net.Sockets;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>The programs that run inside the pods, as hidden commands of this one.</summary>
internal static class TrafficPrograms
{
    private static readonly Dictionary<string, Action<string[]>> _programs = new()
    {
        [SinkProgram.Name] = SinkProgram.Run,
        [FloodProgram.Name] = FloodProgram.Run,
        [EchoProgram.Name] = EchoProgram.Run,
        [PingPongProgram.Name] = PingPongProgram.Run,
    };

    public static bool Contains(string name) => _programs.ContainsKey(name);

    public static int Run(string name, string[] arguments)
    {
        try
        {
            _programs[name](arguments);
            return 0;
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            Console.Error.WriteLine($"{name}: {exception.Message}");
            return 1;
        }
    }
}
