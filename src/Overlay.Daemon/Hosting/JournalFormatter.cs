using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Lines for systemd's journal: with a priority that it reads (sd-daemon(3)), and without a time stamp, for it adds its
/// own.
/// </summary>
internal sealed class JournalFormatter : ITextFormatter
{
    private readonly MessageTemplateTextFormatter _line =
        new("{SourceContext}: {Message:lj}{NewLine}{Exception}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using StringWriter text = new(CultureInfo.InvariantCulture);
        _line.Format(logEvent, text);

        // The journal makes an entry of each line, and one without a priority is an Information.
        foreach (string line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
            output.Write(string.Create(CultureInfo.InvariantCulture, $"<{Priority(logEvent.Level)}>{line}\n"));
    }

    private static int Priority(LogEventLevel level) => level switch
    {
        LogEventLevel.Fatal => 2,
        LogEventLevel.Error => 3,
        LogEventLevel.Warning => 4,
        LogEventLevel.Information => 6,
        _ => 7,
    };
}
