namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>One line of a watch. Immutable.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
/// <param name="Object">A Node; for an ERROR, a Status.</param>
internal readonly record struct ApiEvent(string Type, ApiObject Object);
