using Overlay.ControlPlane.Sources.Etcd.Client;

namespace Overlay.Daemon.Options;

/// <summary>Reads section ControlPlane:Etcd.</summary>
internal static class EtcdOptionsReader
{
    private const string DefaultEndpoint = "http://127.0.0.1:2379";
    private const string CertExample = "/etc/etcd/client.pem";
    private const string KeyExample = "/etc/etcd/client-key.pem";

    public static EtcdOptions Read(SectionReader etcd)
    {
        const string ByDefault = EtcdOptions.DefaultPrefix;
        IReadOnlyList<Uri> endpoints =
            etcd.Urls("Endpoints", DefaultEndpoint, "The members of the cluster, in the order they are tried.");
        string prefix = etcd.Text("Prefix", ByDefault, ByDefault, "The root of flannel's keys.");
        if (!prefix.StartsWith('/') || prefix.TrimEnd('/').Length == 0)
            etcd.Fault("Prefix", prefix, "is no key that begins with a slash", ByDefault);
        EtcdOptions options = new()
        {
            Endpoints = endpoints,
            Prefix = prefix.TrimEnd('/'),
            CaFile = etcd.ExistingFile(
                "CaFile", "/etc/etcd/ca.pem",
                "PEM file of the authorities that sign the members' certificates; the host's where it is missing."),
            CertFile =
                etcd.ExistingFile("CertFile", CertExample, "PEM file of this node's certificate. Needs KeyFile."),
            KeyFile = etcd.ExistingFile("KeyFile", KeyExample, "PEM file of that certificate's key."),
            Username = etcd.OptionalText("Username", "overlay", "A user of etcd's own. Needs Password."),
            Password = etcd.OptionalText("Password", "the password of that user", "That user's password."),
            RenewMargin = TimeSpan.FromMinutes(
                etcd.Integer("RenewMarginMinutes", 60, 1, 1439, "How long before its end the lease is renewed.")),
        };
        CheckPair(etcd, "CertFile", options.CertFile, CertExample, "KeyFile", options.KeyFile, KeyExample);
        CheckPair(
            etcd, "Username", options.Username, "overlay", "Password", options.Password, "the password of that user");
        etcd.RefuseUnknown();
        return options;
    }

    private static void CheckPair(
        SectionReader etcd, string firstKey, string? first, string firstExample, string secondKey, string? second,
        string secondExample)
    {
        if (first is not null && second is null)
            etcd.Fault(secondKey, "", $"is empty, and {firstKey} is not", secondExample);
        if (second is not null && first is null)
            etcd.Fault(firstKey, "", $"is empty, and {secondKey} is not", firstExample);
    }
}
