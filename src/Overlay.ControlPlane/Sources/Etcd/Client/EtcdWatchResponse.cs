namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A message of a watch: that it was made, events, that nothing was missed up to a revision, or its end.</summary>
internal sealed record EtcdWatchResponse(
    EtcdHeader Header, bool Created, bool Canceled, long CompactRevision, string? CancelReason, IReadOnlyList<EtcdEvent>? Events);
