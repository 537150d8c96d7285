namespace Overlay.Bench.Rig.Workloads;

/// <summary>The workloads by name.</summary>
internal static class WorkloadCatalog
{
    /// <summary>Measured with the peers that have a store, and alone.</summary>
    public const string Converge = "converge";

    /// <summary>Those that every peer carries.</summary>
    public static readonly string[] Traffic = ["tcp-1", "tcp-4", "udp-64", "udp-1400", "tcp-rr"];

    public static readonly string[] Names = [.. Traffic, Converge];

    public static IWorkload Create(string name) => name switch
    {
        "tcp-1" => new BulkTcp(name, streams: 1),
        "tcp-4" => new BulkTcp(name, streams: 4),
        "udp-64" => new UdpFlood(name, payload: 64),
        "udp-1400" => new UdpFlood(name, payload: 1400),
        "tcp-rr" => new TcpPingPong(name),
        Converge => new Convergence(name),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
