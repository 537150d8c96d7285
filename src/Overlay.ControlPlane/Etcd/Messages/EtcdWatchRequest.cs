namespace Overlay.ControlPlane;

/// <summary>Opens a watch.</summary>
internal sealed record EtcdWatchRequest(EtcdWatchCreation CreateRequest);
