namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>A write of this node's Node that is on its way. Immutable.</summary>
/// <param name="Annotations">All that the Node has after the write.</param>
/// <param name="SaysReady">The write also says that pods' packets flow.</param>
internal sealed record NodeWrite(SortedDictionary<string, string?> Annotations, bool SaysReady)
{
    public static NodeWrite None { get; } = new([], false);
}

/// <summary>The last write that the server took. Immutable.</summary>
/// <param name="Uid">The Node that was written; another one of its name was not; null before the first write.</param>
/// <param name="Annotations">Its annotations then.</param>
/// <param name="ReadyUid">The Node that was said to be ready; null when none was.</param>
internal sealed record NodeWritten(string? Uid, SortedDictionary<string, string?> Annotations, string? ReadyUid)
{
    public static NodeWritten None { get; } = new(null, [], null);

    public bool IsOf(string? uid) => Uid is not null && Uid == uid;

    public bool IsReady(string? uid) => ReadyUid is not null && ReadyUid == uid;
}
