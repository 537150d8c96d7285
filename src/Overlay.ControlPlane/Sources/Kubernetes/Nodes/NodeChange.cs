namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>A Node as it is now, or as it was when it was deleted. Immutable.</summary>
internal readonly record struct NodeChange(ApiObject Node, bool IsDeleted);
