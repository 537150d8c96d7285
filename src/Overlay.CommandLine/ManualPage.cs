using System.CommandLine;
using System.Text;

namespace Overlay.CommandLine;

/// <summary>A manual page (man-pages(7)) from the definitions that the program itself parses by.</summary>
/// <param name="name">The program.</param>
/// <param name="section">The section, 8 for what an administrator runs.</param>
/// <param name="version">The program's.</param>
/// <param name="root">Its commands and options.</param>
public sealed class ManualPage(string name, int section, string version, Command root)
{
    private readonly StringBuilder _text = new();

    /// <summary>The page in the language of man(7).</summary>
    /// <param name="more">Further sections: a title, and paragraphs of plain text.</param>
    public string Format(params IEnumerable<(string Title, IReadOnlyList<string> Paragraphs)> more)
    {
        _ = _text.Clear();
        Line($".TH {name.ToUpperInvariant()} {section} \"\" \"Overlay {Escape(version)}\" \"Overlay\"");
        Line(".SH NAME");
        Line($"{Escape(name)} \\- {Escape(Brief(root.Description))}");
        Line(".SH SYNOPSIS");
        Line($".B {Escape(name)}");
        Line($"{(Commands(root).Any() ? "[\\fICOMMAND\\fR] " : "")}[\\fIOPTION\\fR]...");
        Commands();
        Section("OPTIONS");
        foreach (Option option in Shown(root.Options)) Item(Title(option), option.Description);
        foreach ((string title, IReadOnlyList<string> paragraphs) in more)
        {
            Section(title);
            foreach (string paragraph in paragraphs)
            {
                Line(".PP");
                Line(Escape(paragraph));
            }
        }

        return _text.ToString();
    }

    private void Commands()
    {
        if (!Commands(root).Any()) return;
        Section("COMMANDS");
        foreach (Command command in Commands(root)) Add(command, command.Name);

        void Add(Command command, string path)
        {
            Item($"\\fB{Escape(path)}\\fR{Arguments(command)}", command.Description);
            foreach (Argument argument in command.Arguments.Where(static argument => !argument.Hidden))
                Nested($"\\fI{Escape(NameOf(argument))}\\fR", argument.Description);
            foreach (Option option in Shown(command.Options)) Nested(Title(option), option.Description);
            foreach (Command below in Commands(command)) Add(below, $"{path} {below.Name}");
        }
    }

    private void Section(string title) => Line($".SH {Escape(title)}");

    private void Item(string title, string? description)
    {
        Line(".TP");
        Line(title);
        Line(Escape(description ?? ""));
    }

    private void Nested(string title, string? description)
    {
        Line(".RS");
        Item(title, description);
        Line(".RE");
    }

    private void Line(string text) => _text.Append(text).Append('\n');

    private static IEnumerable<Command> Commands(Command command) =>
        command.Subcommands.Where(static sub => !sub.Hidden);

    private static IEnumerable<Option> Shown(IEnumerable<Option> options) =>
        options.Where(static option => !option.Hidden);

    private static string Title(Option option)
    {
        IEnumerable<string> names = option.Aliases.Where(static alias => alias.StartsWith('-')).Append(option.Name)
            .Distinct().Order().Select(static alias => $"\\fB{Escape(alias)}\\fR");
        string value = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool)
            ? ""
            : $" \\fI{Escape(option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant())}\\fR";
        return string.Join(", ", names) + value;
    }

    private static string Arguments(Command command) => string.Concat(command.Arguments
        .Where(static argument => !argument.Hidden)
        .Select(static argument => argument.Arity.MinimumNumberOfValues == 0
            ? $" [\\fI{Escape(NameOf(argument))}\\fR]"
            : $" \\fI{Escape(NameOf(argument))}\\fR"));

    private static string NameOf(Argument argument) => argument.HelpName ?? argument.Name.ToUpperInvariant();

    private static string Brief(string? description) => (description ?? "").TrimEnd('.').Split(':')[^1].Trim();

    // A leading dot or quote would be a request to man, and a minus a hyphen.
    private static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal);
        return escaped.StartsWith('.') ? $"\\&{escaped}" : escaped;
    }
}
