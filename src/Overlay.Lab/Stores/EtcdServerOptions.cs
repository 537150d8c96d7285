using System.Net;
using Overlay.Lab.Namespaces;

namespace Overlay.Lab.Stores;

/// <summary>Where an etcd runs, and how it talks.</summary>
public sealed record EtcdServerOptions
{
    /// <summary>Null: where the lab itself runs, on loopback.</summary>
    public NetworkNamespace? Namespace { get; init; }

    /// <summary>The address it listens on; ports are those that are free there.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>With it, clients have to show a certificate.</summary>
    public EtcdServerTls? Tls { get; init; }

    /// <summary>How often a silent watch is told that nothing was missed; etcd's own default is ten minutes.</summary>
    public TimeSpan? ProgressInterval { get; init; }

    /// <summary>Started by <c>--config-file</c> rather than flags, for which there is no TLS here.</summary>
    public bool UsesConfigFile { get; init; }

    /// <summary>Further flags.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>How many members there are to be.</summary>
    public int Members { get; init; } = 1;
}
