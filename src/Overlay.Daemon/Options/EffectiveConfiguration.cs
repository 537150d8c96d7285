using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>The configuration in force, key by key, with the place each value comes from. Secrets are masked.</summary>
/// <param name="configuration">As <see cref="ConfigurationLoader"/> has loaded it.</param>
internal sealed class EffectiveConfiguration(IConfiguration configuration)
{
    private static readonly string[] _others = ["Serilog"];

    // The store may say these instead of the configuration: for all nodes, and for this one.
    private static readonly Dictionary<string, Func<OverlayOptions, object?>> _ofStore = new()
    {
        ["Overlay:Network:Cidr"] = static options => options.Network.Cidr,
        ["Overlay:Network:CidrV6"] = static options => options.Network.CidrV6,
        ["Overlay:Network:SubnetLength"] = static options => options.Network.SubnetLength,
        ["Overlay:Network:SubnetLengthV6"] = static options => options.Network.SubnetLengthV6,
        ["Overlay:Network:Vni"] = static options => options.Network.Vni,
        ["Overlay:Network:Port"] = static options => options.Network.Port,
        ["Overlay:Network:DirectRouting"] = static options => options.Network.DirectRouting ? "true" : "false",
        ["Overlay:Subnet"] = static options => options.Subnet,
        ["Overlay:SubnetV6"] = static options => options.SubnetV6,
        ["Overlay:PublicIp"] = static options => options.PublicIp,
        ["Overlay:PublicIpV6"] = static options => options.PublicIpV6,
    };

    private readonly IConfigurationProvider[] _providers = [.. ((IConfigurationRoot)configuration).Providers];

    /// <summary>Every key that there is, in the order in which the daemon reads them, and those of other sections.</summary>
    /// <param name="options">The options of now, with what the store gave.</param>
    public IReadOnlyList<ConfigurationValue> Values(OverlayOptions options) =>
    [
        .. ConfigurationKeys.All.Select(key => Value(key, options)),
        .. _others.SelectMany(section => configuration.GetSection(section).AsEnumerable())
            .Where(static pair => pair.Value is not null)
            .Select(pair => new ConfigurationValue(pair.Key, Secrets.Mask(pair.Key, pair.Value!), SourceOf(pair.Key)!)),
    ];

    private ConfigurationValue Value(ConfigurationKey key, OverlayOptions options)
    {
        string? source = SourceOf(key.Path);
        string value = source is null ? key.Default : Secrets.Mask(key.Path, Text(configuration.GetSection(key.Path)));
        return _ofStore.TryGetValue(key.Path, out Func<OverlayOptions, object?>? effective)
            && effective(options)?.ToString() is { } said && said != Canonical(value)
                ? new ConfigurationValue(key.Path, said, "store")
                : new ConfigurationValue(key.Path, value, source ?? "default");
    }

    // An address may be spelled in several ways.
    private static string Canonical(string value) =>
        IpPrefix.TryParse(value, out IpPrefix prefix) ? $"{prefix}"
        : IpAddress.TryParse(value, out IpAddress address) ? $"{address}"
        : value;

    // A list's items stand under their numbers.
    private static string Text(IConfigurationSection section) =>
        bool.TryParse(section.Value, out bool choice) ? choice ? "true" : "false"
        : section.Value ?? string.Join(", ", section.GetChildren().Select(static item => item.Value));

    private string? SourceOf(string key)
    {
        for (int i = _providers.Length - 1; i >= 0; i--)
        {
            if (_providers[i].TryGet(key, out string? _) || _providers[i].GetChildKeys([], key).Any())
                return NameOf(_providers[i]);
        }

        return null;
    }

    private static string NameOf(IConfigurationProvider provider) => provider switch
    {
        JsonConfigurationProvider file => $"{file.Source.FileProvider?.GetFileInfo(file.Source.Path!).PhysicalPath}",
        NamedValues values => values.Name,
        _ => provider.GetType().Name,
    };
}
