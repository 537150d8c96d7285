namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>Which key is this node's, and what it is called there: the one node of the store whose name is known. Immutable.</summary>
internal sealed record OwnName(string Path, string Node);
