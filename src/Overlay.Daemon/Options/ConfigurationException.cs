namespace Overlay.Daemon.Options;

/// <summary>
/// The configuration cannot be run: one line per fault, each naming the key, the value and a right example.
/// </summary>
/// <remarks>The process ends with <see cref="ExitCode.Configuration"/>.</remarks>
internal sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    public ConfigurationException(string fault)
        : this([fault])
    {
    }

    public IReadOnlyList<string> Faults { get; } = faults;
}
