using Overlay.ControlPlane.Sources.Kubernetes.Objects;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>The parts of a Node that a lease is made of. Not written to after it was read.</summary>
internal sealed class ApiNode : ApiObject
{
    /// <summary>The annotations of this network.</summary>
    public Dictionary<string, string> Annotations { get; } = new(StringComparer.Ordinal);

    /// <summary>Older servers have this one alone.</summary>
    public string? PodCidr { get; set; }

    public List<string> PodCidrs { get; } = [];

    /// <summary>
    /// The status of the condition NetworkUnavailable: True, False or Unknown; null where there is none.
    /// </summary>
    public string? NetworkUnavailable { get; set; }

    public string? this[string annotation] => Annotations.GetValueOrDefault(annotation);
}
