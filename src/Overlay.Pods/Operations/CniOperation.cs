using System.Globalization;

namespace Overlay.Pods.Operations;

/// <summary>A call of the CNI plugin, as the journal has it: a line such as <c>ADD 0 0.031</c>.</summary>
/// <param name="Command">ADD, DEL, CHECK, STATUS or GC.</param>
/// <param name="Code">The code of the error that the runtime got; 0 for none.</param>
/// <param name="Time">The time that it took.</param>
public readonly record struct CniOperation(string Command, uint Code, TimeSpan Time)
{
    // Error codes of the specification and of plugins have three digits.
    private const uint LargestCode = 999;

    // No runtime waits for a day.
    private const double LongestSeconds = 86_400;

    private static readonly string[] _commands = ["ADD", "DEL", "CHECK", "STATUS", "GC"];

    /// <summary>The line, without its end.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Command} {Code} {Time.TotalSeconds:0.######}");

    /// <summary>Reads a line; false where it is none of this form.</summary>
    public static bool TryParse(string line, out CniOperation operation)
    {
        operation = default;
        if (line.Split(' ') is not [var command, var code, var seconds]) return false;
        int known = Array.IndexOf(_commands, command);
        if (known < 0 || !uint.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            || number > LargestCode
            || !double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double time)
            || !(time <= LongestSeconds)) return false;
        operation = new CniOperation(_commands[known], number, TimeSpan.FromSeconds(time));
        return true;
    }
}
