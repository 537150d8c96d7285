using Microsoft.Extensions.Configuration;

namespace Overlay.Daemon.Options;

/// <summary>
/// Every key of the configuration, collected from the readers themselves, so that the list cannot differ from them.
/// </summary>
internal static class ConfigurationKeys
{
    /// <summary>The keys in the order in which they are read.</summary>
    public static IReadOnlyList<ConfigurationKey> All { get; } = Collect();

    private static List<ConfigurationKey> Collect()
    {
        ReadingState state = new();
        _ = OverlayOptionsReader.Read(new ConfigurationBuilder().Build(), state);
        return state.Keys;
    }
}
