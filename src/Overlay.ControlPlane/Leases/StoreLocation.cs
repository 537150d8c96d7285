namespace Overlay.ControlPlane.Leases;

/// <summary>The store that leases are in.</summary>
/// <param name="Kind">As in <c>Overlay:ControlPlane:Kind</c>.</param>
/// <param name="Place">Directory, endpoints with prefix, or URL of the API server.</param>
public sealed record StoreLocation(string Kind, string Place)
{
    /// <summary>The kind whose store is a directory.</summary>
    public const string File = "File";

    /// <summary>State saved of the other store may be used here: by its location it is the same store.</summary>
    /// <remarks>
    /// A directory may be mounted in another place; by the leases in it the source sees whether it is the same.
    /// </remarks>
    public bool MayBe(StoreLocation other) => Kind == other.Kind && (Kind == File || Place == other.Place);
}
