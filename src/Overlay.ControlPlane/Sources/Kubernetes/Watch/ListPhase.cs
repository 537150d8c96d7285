using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Where a <see cref="ListWatch{T}"/> is. Each phase carries the parts that it needs.</summary>
internal abstract record ListPhase<T> where T : ApiObject
{
    private ListPhase()
    {
    }

    /// <summary>The objects are to be read, all of them.</summary>
    public sealed record Listing : ListPhase<T>;

    /// <summary>All objects are known; a watch is to be opened from their version.</summary>
    public sealed record Resuming : ListPhase<T>;

    /// <summary>A stream is open.</summary>
    /// <param name="Frames">The stream.</param>
    /// <param name="OpenedAt">Timestamp of its beginning.</param>
    public abstract record Open(JsonFrameReader Frames, long OpenedAt) : ListPhase<T>;

    /// <summary>A watch that begins with all objects, of which these have come so far.</summary>
    public sealed record ReadingState(
        JsonFrameReader Frames, long OpenedAt, Dictionary<string, T> Objects) : Open(Frames, OpenedAt);

    /// <summary>A watch of changes.</summary>
    public sealed record Watching(JsonFrameReader Frames, long OpenedAt) : Open(Frames, OpenedAt);

    /// <summary>A watch that the server has ended with an error, behind changes that were handed on first.</summary>
    public sealed record Failing(
        JsonFrameReader Frames, long OpenedAt, ApiServerException Error) : Open(Frames, OpenedAt);

    /// <summary>A wait after a failure.</summary>
    public sealed record BackingOff(TimeSpan Wait, ListPhase<T> Then) : ListPhase<T>;
}
