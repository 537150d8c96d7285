using System.Net;
using System.Net.Sockets;

namespace Overlay.Testing.Kubernetes;

/// <summary>How a stand-in for an API server is to be. Immutable.</summary>
public sealed record StandinOptions
{
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 for one the kernel chooses.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Makes the bound socket to listen on, inside a network namespace for instance; null for where this process is.
    /// </summary>
    public Func<EndPoint, Socket>? Bind { get; init; }

    /// <summary>What there is already, of a stand-in that ran before; null for a cluster without nodes.</summary>
    public NodeStore? Nodes { get; init; }

    /// <summary>HTTPS with a certificate by <see cref="StandinCertificates"/>; null for plain HTTP/1.1.</summary>
    public StandinCertificates? Certificates { get; init; }

    /// <summary>Takes connections of clients whose certificates its own authority vouches for, and no others.</summary>
    public bool ChecksClients { get; init; }

    /// <summary>Offers HTTP/2 where there is TLS.</summary>
    public bool OffersHttp2 { get; init; } = true;

    /// <summary>How often a quiet watch gets a bookmark; a real server: a minute.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The largest page of a list, whatever a request asks for.</summary>
    public int LargestPage { get; init; } = int.MaxValue;

    /// <summary>Bytes that every Node has more, as managedFields and images; not kept in memory.</summary>
    public int PaddingLength { get; init; }
}
