using System.Runtime.InteropServices;

namespace Overlay.Lab.Processes;

/// <summary>overlayd and overlayctl: beside the lab's own binary, or where OVERLAYD_DIR says.</summary>
public static class ProductBinary
{
    public static string Directory =>
        System.Environment.GetEnvironmentVariable("OVERLAYD_DIR") is { Length: > 0 } directory
            ? Path.GetFullPath(directory)
            : AppContext.BaseDirectory;

    // The programs look for a runtime in the usual places only; the one that runs the lab may be elsewhere.
    internal static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
    };

    /// <summary>What the program answers to --version.</summary>
    public static string Version(string program) => Command
        .Run(Command.DefaultLimit, Find(program), ["--version"], environment: Environment)
        .EnsureSuccess().Output.Trim();

    public static string Find(string program)
    {
        string path = Path.Combine(Directory, program);
        return File.Exists(path) ? path : throw new LabException($"{path} is missing: build Overlay.Lab first");
    }
}
