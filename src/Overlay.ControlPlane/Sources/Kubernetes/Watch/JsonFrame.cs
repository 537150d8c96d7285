namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>One object cut out of a stream, valid until more of the stream is read.</summary>
/// <param name="Member">The member of the outer object it is in, or in whose array; empty for an object of its own.</param>
/// <param name="Json">The object's text.</param>
internal readonly record struct JsonFrame(string Member, ReadOnlyMemory<byte> Json);
