namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>One message of an answer that has many.</summary>
internal sealed record EtcdStreamed<T>(T? Result, EtcdStreamError? Error);
