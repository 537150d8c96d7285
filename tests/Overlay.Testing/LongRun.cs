namespace Overlay.Testing;

/// <summary>
/// Whether tests take their long form: more of all, with figures. <c>tests/run.sh --long</c> and <c>LONG_TESTS=1</c> ask for it.
/// </summary>
public static class LongRun
{
    // Not OVERLAY_…: a lab's daemons inherit it, and would take it for a configuration key that they do not know.
    public static bool Is { get; } = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    /// <summary>Notes a figure for people, beside the pictures that a run leaves.</summary>
    /// <param name="figure">A line.</param>
    /// <param name="file">The file among the <see cref="Artifacts"/>.</param>
    public static void Note(string figure, string file = "restarts.txt") =>
        File.AppendAllText(Path.Combine(Artifacts.Directory, file), $"{figure}\n");
}
