namespace Overlay.Daemon.CniInstall;

/// <summary>The plugins of our configuration, and the versions of the specification that each of them speaks.</summary>
/// <param name="HasPortmap">Port mappings are portmap's to do.</param>
/// <param name="Versions">In rising order, at least one.</param>
internal sealed record CniChain(bool HasPortmap, IReadOnlyList<string> Versions)
{
    // Runtimes that know no list of versions go by it.
    private const string Common = "1.0.0";

    /// <summary>Our plugin's, since there are lists of plugins.</summary>
    public static IReadOnlyList<string> OfPlugin { get; } = ["0.3.1", "0.4.0", Common, "1.1.0"];

    /// <summary>
    /// For a portmap that does not run here and may run on the host: the versions of all since 2018, so also its own.
    /// </summary>
    public static CniChain WithSilentPortmap { get; } = new(true, ["0.3.1", "0.4.0"]);

    public static CniChain WithoutPortmap { get; } = new(false, OfPlugin);

    /// <summary>The one version that the configuration names beside the list.</summary>
    public string Version => Versions.Contains(Common) ? Common : Versions[^1];

    /// <summary>Null where the two speak no version in common.</summary>
    /// <param name="portmap">What portmap answers to VERSION.</param>
    public static CniChain? With(IReadOnlyList<string> portmap)
    {
        string[] both = [.. OfPlugin.Where(portmap.Contains)];
        return both.Length == 0 ? null : new(true, both);
    }
}
