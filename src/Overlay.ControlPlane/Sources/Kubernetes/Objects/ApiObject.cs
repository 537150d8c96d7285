namespace Overlay.ControlPlane.Sources.Kubernetes.Objects;

/// <summary>
/// The parts that every object of the API may have, a Status and a list's own metadata too. Not written to after it was
/// read.
/// </summary>
internal class ApiObject
{
    /// <summary>Empty where there is none.</summary>
    public string Name { get; set; } = "";

    /// <summary>Differs for an object that was deleted and made again under the same name.</summary>
    public string? Uid { get; set; }

    /// <summary>Opaque, apart from being the same or not.</summary>
    public string? ResourceVersion { get; set; }

    /// <summary>The token of a list's next page; null on its last page.</summary>
    public string? Continue { get; set; }

    /// <summary>This bookmark ends the objects that were there before the watch.</summary>
    public bool EndsInitialEvents { get; set; }

    /// <summary>A Status' code; 0 in other objects.</summary>
    public int Code { get; set; }

    /// <summary>A Status' sentence.</summary>
    public string? Message { get; set; }

    /// <summary>The first member found to be of the wrong kind.</summary>
    public string? Malformed { get; set; }
}
