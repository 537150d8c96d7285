namespace Overlay.EndToEnd.Tests.Restarts;

/// <summary>Whether tests take their long form: more of all, with figures. <c>tests/run.sh --long</c> asks for it.</summary>
internal static class LongRun
{
    // Not OVERLAY_…: a lab's daemons inherit it, and would take it for a configuration key that they do not know.
    public static bool Is { get; } = Environment.GetEnvironmentVariable("TESTS_LONG") == "1";

    /// <summary>Notes a figure for people, beside the pictures that a run leaves.</summary>
    public static void Note(string figure) =>
        File.AppendAllText(Path.Combine(Artifacts.Directory, "restarts.txt"), $"{figure}\n");
}
