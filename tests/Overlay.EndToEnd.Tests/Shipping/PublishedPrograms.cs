using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>What deploy/publish.sh makes: once for all tests of the process, for it takes minutes.</summary>
/// <remarks>
/// PUBLISHED_PROGRAMS names a directory where it has been done already; the script's output stands beside it, with
/// ".log".
/// </remarks>
internal static class PublishedPrograms
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(20);
    private static readonly Lazy<(string Directory, string Output)> _made = new(Make);

    public static string Directory => _made.Value.Directory;

    /// <summary>The script's output.</summary>
    public static string Output => _made.Value.Output;

    private static (string Directory, string Output) Make()
    {
        if (Environment.GetEnvironmentVariable("PUBLISHED_PROGRAMS") is { Length: > 0 } given)
            return (given, File.ReadAllText($"{given}.log"));
        string directory = System.IO.Directory.CreateTempSubdirectory("overlay-published-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, recursive: true);
        return (directory, Publish(directory));
    }

    private static string Publish(string directory)
    {
        string script = Path.Combine(Repository.Root, "deploy", "publish.sh");
        using Process publish = Process.Start(new ProcessStartInfo(
            "bash", [script, directory])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = publish.StandardOutput.ReadToEndAsync();
        Task<string> error = publish.StandardError.ReadToEndAsync();
        if (!publish.WaitForExit(_limit))
        {
            publish.Kill(entireProcessTree: true);
            throw new TimeoutException($"publish.sh did not end within {_limit.TotalMinutes} minutes");
        }

        return publish.ExitCode == 0
            ? output.Result
            : throw new InvalidOperationException(
                $"publish.sh exited with {publish.ExitCode}: {output.Result}{error.Result}");
    }
}
