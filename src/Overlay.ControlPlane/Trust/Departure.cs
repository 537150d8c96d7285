namespace Overlay.ControlPlane.Trust;

/// <summary>
/// The one threshold of doubt: leases of which more than half vanish together may be a store's fault, not their nodes'.
/// </summary>
internal static class Departure
{
    /// <summary>More than half of the known leases are gone.</summary>
    public static bool IsMass(int gone, int known) => 2 * gone > known;

    /// <summary>
    /// The same for leases taken away one by one: a single node that leaves is believed, however small the cluster.
    /// </summary>
    public static bool IsMassOfSeveral(int gone, int known) => gone >= 2 && IsMass(gone, known);
}
