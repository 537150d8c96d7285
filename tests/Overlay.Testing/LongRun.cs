namespace Overlay.Testing;

/// <summary>
/// Whether tests take their long form: more of all, with figures. <c>tests/run.sh --long</c> asks for it.
/// </summary>
public static class LongRun
{
    public static bool Is { get; } = Environment.GetEnvironmentVariable("OVERLAY_TESTS_LONG") == "1";

    /// <summary>Notes a figure for people, beside the pictures that a run leaves.</summary>
    /// <param name="figure">A line.</param>
    /// <param name="file">The file among the <see cref="Artifacts"/>.</param>
    public static void Note(string figure, string file = "restarts.txt") =>
        File.AppendAllText(Path.Combine(Artifacts.Directory, file), $"{figure}\n");
}
