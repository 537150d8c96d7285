namespace Overlay.ControlPlane.Sources.Kubernetes.Objects;

/// <summary>An event of a watch, as a line of its stream gives it. Immutable.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
/// <param name="Object">The object; for an ERROR, a Status.</param>
internal readonly record struct ApiEvent<T>(string Type, T Object) where T : ApiObject;

/// <summary>An object as it is now, or as it was when it was deleted. Immutable.</summary>
internal readonly record struct ObjectChange<T>(T Object, bool IsDeleted) where T : ApiObject;

/// <summary>All objects of a kind, or the changes since the last update. Immutable.</summary>
/// <param name="IsSnapshot">The changes name every object there is.</param>
/// <param name="Changes">In the order in which they happened.</param>
internal sealed record ObjectUpdate<T>(bool IsSnapshot, IReadOnlyList<ObjectChange<T>> Changes) where T : ApiObject
{
    public static ObjectUpdate<T> Snapshot(IEnumerable<T> objects) =>
        new(true, [.. objects.Select(static found => new ObjectChange<T>(found, false))]);
}
