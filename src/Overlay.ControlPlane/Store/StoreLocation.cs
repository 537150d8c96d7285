namespace Overlay.ControlPlane;

/// <summary>Which store leases are in.</summary>
/// <param name="Kind">As in <c>Overlay:ControlPlane:Kind</c>.</param>
/// <param name="Place">Directory, endpoints with prefix, or URL of the API server.</param>
public sealed record StoreLocation(string Kind, string Place);
