using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

/// <summary>Options made the way the daemon makes them, from keys.</summary>
internal static class TestOptions
{
    private static readonly Dictionary<string, string?> _sound = new()
    {
        ["Overlay:NodeName"] = "a",
        ["Overlay:Network:Cidr"] = "10.244.0.0/16",
        ["Overlay:Subnet"] = "10.244.1.0/24",
    };

    public static readonly (string, string)[] DualStack =
        [("Network:CidrV6", "fd00:10:244::/56"), ("SubnetV6", "fd00:10:244:1::/64")];

    /// <summary>A sound IPv4 configuration with these keys of section Overlay added or replaced.</summary>
    public static OverlayOptions With(params (string Key, string Value)[] keys)
    {
        Dictionary<string, string?> all = new(_sound);
        foreach ((string key, string value) in keys) all[$"Overlay:{key}"] = value;
        return OverlayOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(all).Build());
    }
}
