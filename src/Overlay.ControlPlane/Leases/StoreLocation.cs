namespace Overlay.ControlPlane.Leases;

/// <summary>Which store leases are in.</summary>
/// <param name="Kind">As in <c>Overlay:ControlPlane:Kind</c>.</param>
/// <param name="Place">Directory, endpoints with prefix, or URL of the API server.</param>
public sealed record StoreLocation(string Kind, string Place)
{
    /// <summary>The kind whose store is a directory.</summary>
    public const string File = "File";

    /// <summary>What was saved of the other may be used here: it is the same store, for all that its location tells.</summary>
    /// <remarks>A directory may be mounted in another place; by the leases in it the source sees whether it is the same.</remarks>
    public bool MayBe(StoreLocation other) => Kind == other.Kind && (Kind == File || Place == other.Place);
}
