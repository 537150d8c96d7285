namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>One thing a transaction does.</summary>
internal sealed record EtcdOperation
{
    public EtcdPut? RequestPut { get; init; }

    public EtcdDelete? RequestDeleteRange { get; init; }
}
