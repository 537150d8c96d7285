namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>How an answer of many messages ends badly.</summary>
internal sealed record EtcdStreamError(int GrpcCode, string? Message);
