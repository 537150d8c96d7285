namespace Overlay.Testing;

/// <summary>Files that a run leaves for people to look at: tests/run.sh keeps them in artifacts/ of the repository.</summary>
public static class Artifacts
{
    public static string Directory { get; } = System.IO.Directory.CreateDirectory(
        Environment.GetEnvironmentVariable("TEST_ARTIFACTS") ?? Path.Combine(AppContext.BaseDirectory, "artifacts")).FullName;
}
