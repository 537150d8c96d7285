namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>How etcd says no.</summary>
internal sealed record EtcdError(int Code, string? Message);
