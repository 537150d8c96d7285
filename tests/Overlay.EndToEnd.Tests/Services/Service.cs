using System.Net;

namespace Overlay.EndToEnd.Tests;

/// <summary>A Service of Kubernetes, for TCP.</summary>
/// <param name="Name">Part of its chains' names: upper-case letters.</param>
/// <param name="ClusterIp">Its address inside the cluster.</param>
/// <param name="NodePort">Its port on every node; 0 for none.</param>
/// <param name="LoadBalancerIp">Its address outside; null for none.</param>
/// <param name="IsLocal">externalTrafficPolicy: Local.</param>
/// <param name="Endpoints">The pods behind it.</param>
internal sealed record Service(string Name, IPAddress ClusterIp, int NodePort, IPAddress? LoadBalancerIp, bool IsLocal,
    IReadOnlyList<Endpoint> Endpoints)
{
    public const int Port = 80;
}
