namespace Overlay.Testing.Kubernetes;

/// <summary>One event in a store's history. Immutable.</summary>
internal sealed record NodeChanged(string Type, StoredNode Node);
