namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Whether it was done.</summary>
internal sealed record EtcdTransactionResponse(EtcdHeader Header, bool Succeeded);
