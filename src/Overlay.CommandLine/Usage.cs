using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Overlay.CommandLine;

/// <summary>Tells a person what of a command line is not understood, in one line.</summary>
public static class Usage
{
    // More letters apart, a word was hardly meant.
    private const int MostDifferences = 3;

    /// <summary>The first fault of the command line, with the name that was likely meant; null where there is none.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="program">The program's name.</param>
    public static string? FaultOf(ParseResult parsed, string program)
    {
        if (parsed.Errors is not [ParseError error, ..]) return null;
        string command = CommandOf(parsed, program);
        bool isWhole = parsed.CommandResult.Command.Subcommands.Count == 0;
        if (parsed.UnmatchedTokens is not [string word, ..])
            return $"{error.Message.TrimEnd('.')}; see: {command} --help";
        if (Nearest(word, Names(parsed.CommandResult)) is { } meant)
            return $"'{word}' is not known to {command}; did you mean '{meant}'?";
        return word.StartsWith('-') ? $"'{word}' is not an option of {command}; see: {command} --help"
            : isWhole ? $"'{word}' is more than {command} takes; see: {command} --help"
            : $"'{word}' is not a command of {command}; see: {command} --help";
    }

    /// <summary>Lets an argument be one of those words only, in whatever case, and completes it by them.</summary>
    public static Argument<T> OneOf<T>(this Argument<T> argument, params string[] words)
    {
        argument.CompletionSources.Add(words);
        argument.Validators.Add(result => Check(result, words));
        return argument;
    }

    /// <summary>Lets an option be one of those words only, in whatever case, and completes it by them.</summary>
    public static Option<T> OneOf<T>(this Option<T> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result => Check(result, words));
        return option;
    }

    /// <summary>Lets an option be a whole number of that range only.</summary>
    /// <param name="option">The option.</param>
    /// <param name="least">The smallest number.</param>
    /// <param name="most">The largest number.</param>
    /// <param name="fault">The message where it is none.</param>
    public static Option<T> Within<T>(this Option<T> option, long least, long most, string fault)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token, ..]) return;
            if (!long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                || value < least || value > most)
                result.AddError(fault);
        });
        return option;
    }

    /// <summary>Leaves help the two names that Unix has for it: a shell would offer the others too.</summary>
    public static void TrimHelp(RootCommand root)
    {
        int at = root.Options.IndexOf(root.Options.OfType<HelpOption>().Single());
        root.Options[at] = new HelpOption("--help", "-h");
    }

    private static void Check(SymbolResult result, string[] words)
    {
        foreach (string word in result.Tokens.Select(static token => token.Value)
            .Where(word => !words.Contains(word, StringComparer.OrdinalIgnoreCase)))
            result.AddError($"'{word}' is none of {string.Join(", ", words)}");
    }

    private static string CommandOf(ParseResult parsed, string program)
    {
        Stack<string> names = [];
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Parent: not null } command; at = at.Parent)
            names.Push(command.Command.Name);
        return string.Join(' ', [program, .. names]);
    }

    // A recursive option is one of the commands below too.
    private static IEnumerable<string> Names(CommandResult result)
    {
        IEnumerable<string> names = result.Command.Subcommands.Where(static sub => !sub.Hidden)
            .Select(static sub => sub.Name);
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is not CommandResult { Command: { } command }) continue;
            names = names.Concat(command.Options
                .Where(option => !option.Hidden && (at == result || option.Recursive))
                .Select(static option => option.Name));
        }

        return names;
    }

    private static string? Nearest(string word, IEnumerable<string> names) =>
        names.Select(name => (Name: name, Distance: Distance(word, name)))
            .Where(near => near.Distance <= MostDifferences && near.Distance < near.Name.Length / 2.0)
            .OrderBy(static near => near.Distance).Select(static near => near.Name).FirstOrDefault();

    // Levenshtein's: letters to insert, to delete or to replace.
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
