using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>The place that reports are printed to: a terminal, a pipe or a file.</summary>
/// <remarks>Colours come on a terminal only, and where NO_COLOR is not set: Spectre.Console sees to it.</remarks>
internal static class Screen
{
    // A row that goes to grep or awk runs on, as kubectl's do, and is never folded into columns.
    private const int Unfolded = 10_000;

    /// <summary>The console, as wide as its terminal.</summary>
    public static IAnsiConsole Console { get; } = Make();

    /// <summary>A table without lines.</summary>
    public static Table NewTable() => new Table().Border(TableBorder.None);

    /// <summary>Plain text, which Spectre would else read for markup in brackets; a dash where there is none.</summary>
    public static Markup Cell(string? text, string style = "") =>
        new(style.Length == 0 ? Markup.Escape(text ?? "-") : $"[{style}]{Markup.Escape(text ?? "-")}[/]");

    /// <summary>Empties a terminal; a pipe gets a blank line between two reports.</summary>
    public static void Clear()
    {
        if (System.Console.IsOutputRedirected) Console.WriteLine();
        else Console.Clear();
    }

    private static IAnsiConsole Make()
    {
        if (System.Console.IsOutputRedirected) AnsiConsole.Profile.Width = Unfolded;
        return AnsiConsole.Console;
    }
}
