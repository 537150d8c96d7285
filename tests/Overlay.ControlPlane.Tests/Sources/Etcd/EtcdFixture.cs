using Overlay.Lab.Stores;

namespace Overlay.ControlPlane.Tests;

/// <summary>One etcd for the tests of a class, each of which has a network of its own in it.</summary>
public sealed class EtcdFixture : IDisposable
{
    private int _networks;

    public EtcdServer Server { get; } = EtcdServer.Start(new() { ProgressInterval = TimeSpan.FromSeconds(1) });

    /// <param name="config">net-conf.json; null for <see cref="EtcdNetwork.Ipv4"/>.</param>
    internal EtcdNetwork NewNetwork(string? config = null)
    {
        EtcdNetwork network = new(Server, $"/test/{Interlocked.Increment(ref _networks)}/network");
        network.Put("config", config ?? EtcdNetwork.Ipv4);
        return network;
    }

    public void Dispose() => Server.Dispose();
}
