namespace Overlay.Daemon.Options;

/// <summary>Whether and where this daemon installs its CNI plugin for the container runtimes.</summary>
internal sealed record CniInstallOptions
{
    /// <summary>The daemon installs it once it is ready, and puts back what is missing.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Where runtimes look for plugins.</summary>
    public required string BinDirectory { get; init; }

    /// <summary>Where runtimes look for configurations, of which they take the first by name.</summary>
    public required string ConfigDirectory { get; init; }

    /// <summary>The plugin to copy.</summary>
    public required string Source { get; init; }

    /// <summary>A stop removes it again. Without it a restart leaves the node ready for pods.</summary>
    public required bool RemoveAtStop { get; init; }

    /// <summary>What subnet.env is called, for the plugin to read.</summary>
    public required string SubnetFile { get; init; }

    /// <summary>Where the plugin keeps its records of pods; not the daemon's to write where that is not root.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where the plugin asks whether the daemon runs.</summary>
    public required string AdminSocket { get; init; }
}
