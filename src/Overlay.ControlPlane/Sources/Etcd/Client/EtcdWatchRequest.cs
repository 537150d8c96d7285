namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Opens a watch.</summary>
internal sealed record EtcdWatchRequest(EtcdWatchCreation CreateRequest);
