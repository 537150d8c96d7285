using System.Diagnostics;
using System.Text.Json;
using Overlay.Host.Programs;

namespace Overlay.Daemon.CniInstall;

/// <summary>Calls a plugin as container runtimes do, for a command that is about no pod: VERSION or STATUS.</summary>
internal static class CniPluginCall
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    /// <summary>Waits for the answer, some seconds at most.</summary>
    /// <param name="plugin">The program.</param>
    /// <param name="command">CNI_COMMAND.</param>
    /// <param name="configuration">Its standard input.</param>
    /// <param name="variables">Further variables.</param>
    /// <exception cref="IOException">It cannot be run, or does not end.</exception>
    public static ProgramRun Run(
        string plugin, string command, string configuration, params ReadOnlySpan<(string Name, string Value)> variables)
    {
        ProcessStartInfo start = new(plugin);
        start.Environment["CNI_COMMAND"] = command;
        start.Environment["CNI_PATH"] = Path.GetDirectoryName(plugin);
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        return ProgramRun.Of(start, configuration, _limit);
    }

    /// <summary>The code and the message of an error (specification 1.1.0, section "Error"); null where there are none.</summary>
    public static (uint Code, string Message)? ErrorIn(string output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(output);
            JsonElement root = document.RootElement;
            return root.GetProperty("code").TryGetUInt32(out uint code)
                ? (code, root.TryGetProperty("msg", out JsonElement message) ? message.ToString() : "")
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}
