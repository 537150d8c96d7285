using System.Text.Json;
using Overlay.Host.Programs;

namespace Overlay.Daemon.CniInstall;

/// <summary>Asks plugins which versions of the specification they speak, each once as long as its file stays.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class CniPluginVersions
{
    private const string Question = """{"cniVersion":"1.0.0"}""";

    private readonly Dictionary<string, Answer> _answers = [];

    /// <summary>Waits for the answer, some seconds at most.</summary>
    /// <param name="plugin">The program.</param>
    /// <returns>The versions, or why there are none.</returns>
    public Answer Of(string plugin)
    {
        FileInfo file = new(plugin);
        (DateTime, long) state = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (_answers.TryGetValue(plugin, out Answer? known) && known.File == state) return known;
        Answer answer = Ask(plugin) with { File = state };
        _answers[plugin] = answer;
        return answer;
    }

    private static Answer Ask(string plugin)
    {
        try
        {
            // Plugins of 2017 read these before they look at the command.
            ProgramRun run = CniPluginCall.Run(
                plugin, "VERSION", Question, ("CNI_CONTAINERID", ""), ("CNI_NETNS", "dummy"), ("CNI_IFNAME", "dummy"));
            if (run.ExitCode != 0) return new([], $"it ends with exit code {run.ExitCode}");
            using JsonDocument document = JsonDocument.Parse(run.Output);
            return document.RootElement.TryGetProperty("supportedVersions", out JsonElement versions)
                && versions.ValueKind == JsonValueKind.Array
                ? new([.. versions.EnumerateArray().Select(static version => version.ToString())], "")
                : new([], "its answer names no supportedVersions");
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return new([], exception.Message);
        }
    }

    /// <param name="Versions">Empty where it has not answered.</param>
    /// <param name="Fault">The reason; empty where it has.</param>
    internal sealed record Answer(IReadOnlyList<string> Versions, string Fault)
    {
        /// <summary>Time and length of the program that was asked.</summary>
        public (DateTime Written, long Length) File { get; init; }

        public bool IsKnown => Fault.Length == 0;
    }
}
