namespace Overlay.Testing.Kubernetes;

/// <summary>A Node at one version, in two parts between which padding goes. Immutable.</summary>
internal sealed record StoredNode(string Name, long Revision, byte[] Head, byte[] Tail);
