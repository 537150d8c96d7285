using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>The package that deploy/deb.sh makes of the published programs: once for all tests of the process.</summary>
internal static class DebianPackage
{
    public const string Name = "overlay-vxlan";

    /// <summary>A variable of dpkg-deb: the file's size is of no matter here.</summary>
    public const string FastCompression = "DPKG_DEB_COMPRESSOR_LEVEL=1";

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(3);
    private static readonly Lazy<string> _made = new(Make);

    /// <summary>The package's file.</summary>
    public static string Path => _made.Value;

    /// <summary>Runs deb.sh, which has to succeed.</summary>
    /// <returns>The package's file.</returns>
    public static string Build(string directory, string published, params string[] environment)
    {
        (int exitCode, string output) = TryBuild(directory, published, environment);
        return exitCode == 0
            ? output.TrimEnd().Split('\n')[^1]
            : throw new InvalidOperationException($"deb.sh exited with {exitCode}: {output}");
    }

    /// <summary>Runs deb.sh.</summary>
    /// <returns>Its exit code, and all that it wrote.</returns>
    public static (int ExitCode, string Output) TryBuild(
        string directory, string published, params string[] environment) =>
        Run("env", [
            FastCompression, .. environment,
            System.IO.Path.Combine(Repository.Root, "deploy", "deb.sh"), directory, published,
        ]);

    /// <summary>Runs a line of shell, which has to succeed.</summary>
    /// <returns>All that it wrote.</returns>
    public static string Shell(string line)
    {
        (int exitCode, string output) = Run("bash", "-ec", line);
        exitCode.ShouldBe(0, output);
        return output;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, and all that it wrote.</returns>
    public static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within {_limit.TotalMinutes} minutes");
        }

        return (process.ExitCode, error.Result + output.Result);
    }

    private static string Make()
    {
        string directory = Directory.CreateTempSubdirectory("overlay-debian-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        return Build(directory, PublishedPrograms.Directory);
    }
}
