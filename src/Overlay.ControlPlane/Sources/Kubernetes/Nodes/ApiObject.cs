using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>What is read of an object of the API, a Node, a Status or a list's own metadata. Not written to after it was read.</summary>
internal sealed class ApiObject
{
    /// <summary>Empty where there is none.</summary>
    public string Name { get; set; } = "";

    /// <summary>Another one for an object that was deleted and made again under the same name.</summary>
    public string? Uid { get; set; }

    /// <summary>Opaque, apart from being the same or not.</summary>
    public string? ResourceVersion { get; set; }

    /// <summary>Where a list goes on; null on its last page.</summary>
    public string? Continue { get; set; }

    /// <summary>This bookmark says that all that was there before the watch has been told.</summary>
    public bool EndsInitialEvents { get; set; }

    /// <summary>Those of this network alone.</summary>
    public Dictionary<string, string> Annotations { get; } = new(StringComparer.Ordinal);

    /// <summary>Older servers have this one alone.</summary>
    public string? PodCidr { get; set; }

    public List<string> PodCidrs { get; } = [];

    /// <summary>The status of the condition NetworkUnavailable: True, False or Unknown; null where there is none.</summary>
    public string? NetworkUnavailable { get; set; }

    /// <summary>A Status' code; 0 in other objects.</summary>
    public int Code { get; set; }

    /// <summary>A Status' sentence.</summary>
    public string? Message { get; set; }

    /// <summary>The first thing found in a place where something else belongs.</summary>
    public string? Malformed { get; set; }

    public string? this[string annotation] => Annotations.GetValueOrDefault(annotation);
}
