using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Ingress;

/// <summary>
/// What becomes of the inner ECN field when the outer header is taken off (RFC 6040 section 4.2, figure 4).
/// </summary>
public static class EcnDecapsulation
{
    /// <param name="inner">As the pod sent it.</param>
    /// <param name="outer">As the underlay delivered it.</param>
    /// <param name="combined">What the pod shall see.</param>
    /// <returns>False: drop, congestion was marked on a packet whose transport would not hear of it.</returns>
    public static bool TryCombine(Ecn inner, Ecn outer, out Ecn combined)
    {
        combined = inner;
        if (outer == Ecn.Ce)
        {
            if (inner == Ecn.NotEct) return false;
            combined = Ecn.Ce;
        }
        else if (outer == Ecn.Ect1 && inner == Ecn.Ect0) combined = Ecn.Ect1;

        return true;
    }
}
