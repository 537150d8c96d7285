namespace Overlay.ControlPlane.Sources.Etcd.Messages;

/// <summary>Opens a watch.</summary>
internal sealed record EtcdWatchRequest(EtcdWatchCreation CreateRequest);
