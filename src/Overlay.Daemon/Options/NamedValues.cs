using Microsoft.Extensions.Configuration;

namespace Overlay.Daemon.Options;

/// <summary>Values of the configuration that know where they come from.</summary>
/// <param name="name">The place, as reports name it.</param>
/// <param name="values">By keys with all sections.</param>
internal sealed class NamedValues(string name, IEnumerable<KeyValuePair<string, string?>> values)
    : ConfigurationProvider, IConfigurationSource
{
    /// <summary>The place, as reports name it.</summary>
    public string Name => name;

    public override void Load() => Data = new Dictionary<string, string?>(values, StringComparer.OrdinalIgnoreCase);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}
