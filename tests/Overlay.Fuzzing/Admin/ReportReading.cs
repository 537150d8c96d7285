using System.Text;
using System.Text.Json;
using Overlay.Cli.Commands;
using Overlay.Cli.Output;
using Overlay.Fuzzing.Targets;
using Spectre.Console;

namespace Overlay.Fuzzing.Admin;

/// <summary>overlayctl's screens, of whatever an admin socket answers.</summary>
internal static class ReportReading
{
    private const int MostCharacters = 4 * 1024 * 1024;

    private static readonly StringWriter _screen = MakeScreen();

    public static void Run(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        int screen = rest.Byte();
        StringBuilder written = _screen.GetStringBuilder().Clear();
        try
        {
            using JsonDocument report = JsonDocument.Parse(Encoding.UTF8.GetString(rest.Rest));
            Write(screen, report.RootElement);
        }
        catch (Exception refused) when (UnreadableAnswer.Is(refused))
        {
            Sentence.Check(UnreadableAnswer.Describe(refused));
        }

        Invariant.Holds(written.Length < MostCharacters, "a screen is not endless");
    }

    private static void Write(int screen, JsonElement report)
    {
        switch (screen % 4)
        {
            case 0:
                ReportTable.Write(report, isWide: (screen & 4) != 0);
                break;
            case 1:
                StatusScreen.Write(report, DateTimeOffset.UnixEpoch.AddYears(56));
                break;
            case 2:
                PingScreen.Write(report, hasPaths: true);
                _ = PingCommand.IsSound(report);
                break;
            default:
                FindingTable.Write([new Finding("a", report.Text("severity") ?? "", report.Text("text") ?? "")], true);
                break;
        }
    }

    // Set before the first screen is written, which takes the console that there is.
    private static StringWriter MakeScreen()
    {
        StringWriter screen = new();
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(screen) });
        return screen;
    }
}
