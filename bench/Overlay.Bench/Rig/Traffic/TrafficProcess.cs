using System.Text.Json;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>
/// This program again, as one end of a workload inside a pod: a process of its own, so that the other end's runtime
/// does not disturb it. It says when it is ready, and prints its report as one line of JSON.
/// </summary>
internal sealed class TrafficProcess : IDisposable
{
    private const string Ready = "ready";

    private readonly BackgroundProcess _process;

    private TrafficProcess(BackgroundProcess process) => _process = process;

    public static TrafficProcess Start(Pod pod, string program, params IEnumerable<object> arguments)
    {
        // Run by `dotnet Overlay.Bench.dll`, the process is dotnet, and has to be told the program again.
        string host = Environment.ProcessPath ?? "dotnet";
        string[] itself = Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? [host, typeof(TrafficProcess).Assembly.Location]
            : [host];
        IEnumerable<string> all = [.. itself[1..], program, .. arguments.Select(argument => $"{argument}")];
        return new TrafficProcess(pod.Start(itself[0], all));
    }

    /// <summary>Called inside the process, once the other end may start.</summary>
    public static void SayReady() => Console.WriteLine(Ready);

    /// <summary>Called inside the process, last.</summary>
    public static void Report<T>(T report) => Console.WriteLine(JsonSerializer.Serialize(report));

    public void WaitReady() => _process.WaitForLog(Ready);

    public T WaitForReport<T>(TimeSpan limit)
    {
        if (!_process.WaitForExit(limit))
        {
            throw new LabException(
                $"`{_process.CommandLine}` has not ended within {limit.TotalSeconds:0} s:\n{_process.Log}");
        }

        string line = _process.Log.Split('\n').FirstOrDefault(text => text.StartsWith('{'))
            ?? throw new LabException($"`{_process.CommandLine}` ended with {_process.ExitCode}:\n{_process.Log}");
        return JsonSerializer.Deserialize<T>(line)!;
    }

    public void Dispose() => _process.Stop();
}
