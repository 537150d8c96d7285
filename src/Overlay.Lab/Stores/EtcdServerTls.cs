namespace Overlay.Lab.Stores;

/// <summary>PEM files of an etcd that speaks TLS to its clients.</summary>
/// <param name="CaFile">The authority of both sides' certificates.</param>
/// <param name="CertFile">The server's certificate.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="ClientCertFile">What the lab's own etcdctl shows.</param>
/// <param name="ClientKeyFile">Its key.</param>
public sealed record EtcdServerTls(
    string CaFile, string CertFile, string KeyFile, string ClientCertFile, string ClientKeyFile);
