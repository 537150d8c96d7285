using System.Diagnostics;

namespace Overlay.Cni.Tests;

/// <summary>The built executable, called as a runtime does.</summary>
internal static class Plugin
{
    private static readonly string _path = Path.Combine(AppContext.BaseDirectory, "overlay");

    /// <returns>Exit code and stdout.</returns>
    public static (int ExitCode, string Output) Run(string configuration, params (string Key, string Value)[] variables)
    {
        ProcessStartInfo start = new(_path) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string key in start.Environment.Keys.Where(static key => key.StartsWith("CNI_", StringComparison.Ordinal)).ToArray())
            _ = start.Environment.Remove(key);
        foreach ((string key, string value) in variables) start.Environment[key] = value;
        using Process process = Process.Start(start)!;
        try
        {
            process.StandardInput.Write(configuration);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It may answer without reading, when the variables are bad.
        }

        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    /// <summary>With the variables of an attachment.</summary>
    public static (int ExitCode, string Output) Run(string command, string configuration, string path = "", string id = "abc", string name = "eth0") =>
        Run(
            configuration,
            ("CNI_COMMAND", command),
            ("CNI_CONTAINERID", id),
            ("CNI_NETNS", "/run/netns/overlay-test-none"),
            ("CNI_IFNAME", name),
            ("CNI_PATH", path));
}
