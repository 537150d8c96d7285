namespace Overlay.Bench.Rig;

/// <summary>The workloads by name.</summary>
internal static class WorkloadCatalog
{
    public static readonly string[] Names = ["tcp-1", "tcp-4", "udp-64", "udp-1400", "tcp-rr"];

    public static IWorkload Create(string name) => name switch
    {
        "tcp-1" => new BulkTcp(name, streams: 1),
        "tcp-4" => new BulkTcp(name, streams: 4),
        "udp-64" => new UdpFlood(name, payload: 64),
        "udp-1400" => new UdpFlood(name, payload: 1400),
        "tcp-rr" => new TcpPingPong(name),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
