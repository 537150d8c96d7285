using System.Runtime.InteropServices;

namespace Overlay.Lab.Processes;

/// <summary>
/// overlayd and overlayctl, as programs: where OVERLAYD_DIR names a directory, there; else where the solution that the
/// lab's binary was built from builds them; else beside the lab's own binary.
/// </summary>
public static class ProductBinary
{
    private static readonly Dictionary<string, string> _projects = new()
    {
        ["overlayd"] = "Overlay.Daemon",
        ["overlayctl"] = "Overlay.Cli",
    };

    // The programs look for a runtime in the usual places only; the one that runs the lab may be elsewhere.
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
    };

    /// <summary>What the program answers to --version.</summary>
    public static string Version(string program) => Command
        .Run(Command.DefaultLimit, Find(program), ["--version"], environment: Environment)
        .EnsureSuccess().Output.Trim();

    /// <exception cref="LabException">The program is in none of the places.</exception>
    public static string Find(string program)
    {
        string[] candidates = [.. Directories(program).Select(directory => Path.Combine(directory, program))];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new LabException($"{string.Join(" and ", candidates)}: missing; build Overlay.sln first");
    }

    private static IEnumerable<string> Directories(string program)
    {
        if (System.Environment.GetEnvironmentVariable("OVERLAYD_DIR") is { Length: > 0 } directory)
            return [Path.GetFullPath(directory)];

        // …/bin/Release/net10.0: configuration and framework are the lab's own.
        DirectoryInfo framework = new(AppContext.BaseDirectory.TrimEnd('/'));
        DirectoryInfo? root = framework;
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Overlay.sln"))) root = root.Parent;
        return root is null || framework.Parent is not { } configuration
            ? [AppContext.BaseDirectory]
            : [Path.Combine(root.FullName, "src", _projects[program], "bin", configuration.Name, framework.Name),
                AppContext.BaseDirectory];
    }
}
