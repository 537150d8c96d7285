using System.Diagnostics;

namespace Overlay.Cni.Tests;

/// <summary>
/// The executable, called as a runtime does: the published one where PUBLISHED_PROGRAMS names its directory, or the
/// built one.
/// </summary>
internal static class Plugin
{
    public static string Path { get; } = System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("PUBLISHED_PROGRAMS") is { Length: > 0 } published
            ? published
            : AppContext.BaseDirectory, "overlay");

    /// <returns>Exit code and stdout.</returns>
    public static (int ExitCode, string Output) Run(string configuration, params (string Key, string Value)[] variables)
    {
        using Process process = Start(Path, [], configuration, variables);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>With the variables of an attachment.</summary>
    public static (int ExitCode, string Output) Run(
        string command, string configuration, string path = "", string id = "abc", string name = "eth0") =>
        Run(
            configuration,
            ("CNI_COMMAND", command),
            ("CNI_CONTAINERID", id),
            ("CNI_NETNS", "/run/netns/overlay-test-none"),
            ("CNI_IFNAME", name),
            ("CNI_PATH", path));

    /// <summary>
    /// Starts a program with a configuration on its stdin, in the network namespace of the calling thread.
    /// </summary>
    public static Process Start(string program, IEnumerable<string> arguments, string configuration,
        params (string Key, string Value)[] variables)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (string key in start.Environment.Keys.Where(
            static key => key.StartsWith("CNI_", StringComparison.Ordinal)).ToArray())
            _ = start.Environment.Remove(key);

        // What is built and not published compiles at start; without counting for later it does so sooner.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string key, string value) in variables) start.Environment[key] = value;
        Process process = Process.Start(start)!;
        try
        {
            process.StandardInput.Write(configuration);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It may answer without reading, when the variables are bad.
        }

        return process;
    }
}
