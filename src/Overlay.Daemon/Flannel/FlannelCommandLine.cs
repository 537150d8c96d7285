using Overlay.Daemon.Options;

namespace Overlay.Daemon.Flannel;

/// <summary>
/// The values of a flanneld's flags, as Go's package flag reads them: <c>-iface eth0</c>, <c>--iface=eth0</c>,
/// <c>-ip-masq</c>. The command line comes before the variables.
/// </summary>
internal sealed class FlannelCommandLine
{
    private const string Example = "example: flanneld -kube-subnet-mgr -ip-masq -iface=eth0";

    private readonly Dictionary<string, List<string>> _values = [];

    /// <param name="arguments">Without the program's name.</param>
    /// <param name="variables">The environment.</param>
    /// <exception cref="ConfigurationException">A flag is not flanneld's, or has no value.</exception>
    public FlannelCommandLine(string[] arguments, IReadOnlyDictionary<string, string> variables)
    {
        List<string> faults = [];
        for (int i = 0; i < arguments.Length;) i += Read(arguments.AsSpan(i), faults);
        foreach (string flag in FlannelFlags.All.Where(flag => !_values.ContainsKey(flag)))
        {
            if (variables.TryGetValue(VariableOf(flag), out string? value) && value.Length > 0) _values[flag] = [value];
        }

        foreach (string flag in FlannelFlags.Switches.Where(flag => this[flag] is { } value && BooleanOf(value) is null))
            faults.Add($"flag -{flag} '{this[flag]}' is neither true nor false; example: -{flag}=true");
        if (faults.Count > 0) throw new ConfigurationException(faults);
    }

    /// <summary>The last value of that flag; null where it was not given.</summary>
    public string? this[string flag] => _values.TryGetValue(flag, out List<string>? values) ? values[^1] : null;

    /// <summary>All values of a flag that may be repeated; a variable has them with commas between.</summary>
    public IReadOnlyList<string> All(string flag) => _values.TryGetValue(flag, out List<string>? values)
        ? [.. values.SelectMany(static value => value.Split(',', StringSplitOptions.RemoveEmptyEntries))]
        : [];

    /// <summary>The value of a switch.</summary>
    public bool Is(string flag, bool fallback) => this[flag] is { } value ? BooleanOf(value)!.Value : fallback;

    private static string VariableOf(string flag) =>
        FlannelFlags.VariablePrefix + flag.Replace('-', '_').ToUpperInvariant();

    // Words that Go's strconv.ParseBool takes.
    private static bool? BooleanOf(string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    // The number of arguments that were read.
    private int Read(ReadOnlySpan<string> arguments, List<string> faults)
    {
        string argument = arguments[0];
        string[] parts = argument.TrimStart('-').Split('=', 2);
        string flag = parts[0];
        if (!argument.StartsWith('-') || !FlannelFlags.All.Contains(flag))
        {
            // A flag that is misspelt may be a password's, in itself or behind it.
            faults.Add($"argument '{argument.Split('=')[0]}' is no flag of flanneld; {Example}");
            return argument.StartsWith('-') && arguments.Length > 1 && !arguments[1].StartsWith('-') ? 2 : 1;
        }

        if (parts.Length == 2 || FlannelFlags.Switches.Contains(flag))
        {
            Add(flag, parts.Length == 2 ? parts[1] : "true");
            return 1;
        }

        if (arguments.Length == 1)
        {
            faults.Add($"flag '{argument}' has no value; {Example}");
            return 1;
        }

        Add(flag, arguments[1]);
        return 2;
    }

    private void Add(string flag, string value)
    {
        if (!_values.TryGetValue(flag, out List<string>? values)) _values[flag] = values = [];
        values.Add(value);
    }
}
