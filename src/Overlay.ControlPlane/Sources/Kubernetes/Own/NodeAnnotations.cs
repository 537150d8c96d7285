using System.Text.Json;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>The annotations of a lease on its Node, byte for byte as flannel writes them.</summary>
/// <remarks>
/// flannel takes its MAC back from backend-data by cutting the text apart, so a node that returns to flannel keeps its
/// MAC only if there is nothing more in it.
/// </remarks>
internal static class NodeAnnotations
{
    /// <summary>
    /// Key and value, in the order of the keys' names; null for what is not to be there: a family without a VTEP.
    /// </summary>
    /// <remarks>Peers would send to an address that this node has given up.</remarks>
    /// <param name="own">The lease.</param>
    /// <param name="node">The Node as it is, with an operator's overwrites.</param>
    /// <param name="keys">Names of the annotations.</param>
    /// <param name="problem">An overwrite that is no address and so is not used; null when all is well.</param>
    public static SortedDictionary<string, string?> Of(
        Lease own, ApiNode node, AnnotationKeys keys, out string? problem)
    {
        problem = null;
        SortedDictionary<string, string?> annotations = new(StringComparer.Ordinal)
        {
            [keys.BackendType] = own.BackendType,
            [keys.Managed] = "true",
        };
        Add(keys.BackendData, own.BackendData, keys.PublicIp, own.PublicIp, keys.PublicIpOverwrite, IpFamily.IPv4,
            ref problem);
        Add(keys.BackendV6Data, own.BackendV6Data, keys.PublicIpV6, own.PublicIpV6, keys.PublicIpV6Overwrite,
            IpFamily.IPv6, ref problem);
        return annotations;

        void Add(string dataKey, VtepData? data, string addressKey, IpAddress? address, string overwriteKey,
            IpFamily family, ref string? wrong)
        {
            if (data is null || address is null)
            {
                (annotations[dataKey], annotations[addressKey]) = (null, null);
                return;
            }

            if (!NodeLease.TryReadAddress(node, overwriteKey, family, out IpAddress? overwrite, out string? error))
                wrong ??= error;
            annotations[dataKey] =
                JsonSerializer.Serialize(VtepDocument.Of(data)!, LeaseJsonContext.Default.VtepDocument);
            annotations[addressKey] = (overwrite ?? address).ToString()!;
        }
    }
}
