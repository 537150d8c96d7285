namespace Overlay.Cni.Protocol;

/// <summary>What ADD answers, independent of the specification's version.</summary>
internal sealed record CniResult
{
    public IReadOnlyList<CniInterface> Interfaces { get; init; } = [];

    public IReadOnlyList<CniAddress> Addresses { get; init; } = [];

    public IReadOnlyList<PodRoute> Routes { get; init; } = [];

    public CniDns Dns { get; init; } = CniDns.None;
}
