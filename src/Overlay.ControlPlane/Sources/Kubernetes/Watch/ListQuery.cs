using System.Globalization;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>The requests of lists and watches of one kind. Immutable.</summary>
/// <param name="Resource">The path of the kind, such as <c>api/v1/nodes</c>.</param>
/// <param name="Selector">The name of the only object wanted; null for all.</param>
/// <param name="WatchTime">The shortest time asked for a watch.</param>
internal sealed record ListQuery(string Resource, string? Selector, TimeSpan WatchTime)
{
    /// <summary>The most objects of a list: pages may go on without end.</summary>
    public const int MostObjects = 65_536;

    private const int PageLength = 500;

    /// <summary>The most objects that are taken.</summary>
    public int Most { get; init; } = MostObjects;

    private string Field =>
        Selector is null ? "" : $"&fieldSelector={Uri.EscapeDataString($"metadata.name={Selector}")}";

    // Random, so that a cluster's watches do not all end at once.
    private string Time =>
        (WatchTime.TotalSeconds * (1 + Random.Shared.NextDouble())).ToString("0", CultureInfo.InvariantCulture);

    /// <summary>A watch that begins with all objects, of that version or later; null for the newest.</summary>
    public string WatchFromState(string? version) =>
        $"{Resource}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={Escape(version)}&{Continuation}";

    /// <summary>A watch of the changes since that version.</summary>
    public string WatchFrom(string version) => $"{Resource}?watch=1&resourceVersion={Escape(version)}&{Continuation}";

    /// <summary>The newest state, page by page.</summary>
    public string Page(string? next) =>
        $"{Resource}?limit={PageLength}{(next is null ? "" : $"&continue={Escape(next)}")}{Field}";

    /// <summary>All in one answer, of that version or later; null for the newest.</summary>
    /// <remarks>Without a limit: only then does a server answer from its memory instead of asking its store.</remarks>
    public string All(string? version) =>
        version is null
            ? $"{Resource}?{Field.TrimStart('&')}"
            : $"{Resource}?resourceVersion={Escape(version)}&resourceVersionMatch=NotOlderThan{Field}";

    private string Continuation => $"allowWatchBookmarks=true&timeoutSeconds={Time}{Field}";

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}
