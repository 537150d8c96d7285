using System.Globalization;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>What lists and watches ask for. Immutable.</summary>
/// <param name="Selector">The one node that is wanted, or all.</param>
/// <param name="WatchTime">How long a watch is asked for, at least.</param>
internal sealed record NodeQuery(string? Selector, TimeSpan WatchTime)
{
    private const int PageLength = 500;

    private string Field => Selector is null ? "" : $"&fieldSelector={Uri.EscapeDataString($"metadata.name={Selector}")}";

    // By chance, so that a cluster's watches do not all end at once.
    private string Time => (WatchTime.TotalSeconds * (1 + Random.Shared.NextDouble())).ToString("0", CultureInfo.InvariantCulture);

    /// <summary>A watch that first tells all there is, at that version or later; null for what is newest.</summary>
    public string WatchFromState(string? version) =>
        $"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={Escape(version)}&{Follow}";

    /// <summary>A watch of what has happened since that version.</summary>
    public string WatchFrom(string version) => $"watch=1&resourceVersion={Escape(version)}&{Follow}";

    /// <summary>The newest state, page by page.</summary>
    public string Page(string? next) => $"limit={PageLength}{(next is null ? "" : $"&continue={Escape(next)}")}{Field}";

    /// <summary>All in one answer, at that version or later; null for what is newest.</summary>
    /// <remarks>Without a limit, for only so a server answers from its memory instead of asking its store.</remarks>
    public string All(string? version) =>
        version is null ? Field.TrimStart('&') : $"resourceVersion={Escape(version)}&resourceVersionMatch=NotOlderThan{Field}";

    private string Follow => $"allowWatchBookmarks=true&timeoutSeconds={Time}{Field}";

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}
