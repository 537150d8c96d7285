namespace Overlay.ControlPlane.Sources.Etcd.Messages;

/// <summary>How an answer of many messages ends badly.</summary>
internal sealed record EtcdStreamError(int GrpcCode, string? Message);
