using System.Text;
using System.Text.Json.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Reads a user's <c>exec</c>: the credential plugin and what it is told.</summary>
internal static class KubeconfigPlugin
{
    private const string Group = "client.authentication.k8s.io";
    private const string Version1 = Group + "/v1";
    private const string Version1Beta1 = Group + "/v1beta1";

    /// <param name="exec">The user's exec.</param>
    /// <param name="cluster">The cluster that the plugin may be told of.</param>
    /// <exception cref="InvalidDataException">
    /// The configuration cannot be used; the message names file, key, value and an example.
    /// </exception>
    public static ExecPlugin Read(KubeconfigEntry exec, KubeconfigEntry cluster)
    {
        string command = exec.Text("command")
            ?? throw exec.Wrong("exec names no command such as /usr/local/bin/credentials");
        string version = exec.Text("apiVersion") ?? "";
        if (version is not (Version1 or Version1Beta1))
            throw exec.Wrong($"exec: apiVersion is \"{version}\", not {Version1} or {Version1Beta1}");
        CheckMode(exec, version);
        return new ExecPlugin(
            command.Contains('/') ? exec.PathOf(command) : command, [.. exec.Texts("args")],
            [.. exec.List("env").Select(Variable)], version,
            exec.Text("provideClusterInfo") is "true" ? ClusterInfo(cluster) : null, exec.Text("installHint") ?? "");
    }

    private static KeyValuePair<string, string> Variable(KubeconfigEntry entry) => new(
        entry.Text("name") ?? throw entry.Wrong("exec: env has a variable without a name such as AWS_PROFILE"),
        entry.Text("value") ?? "");

    private static void CheckMode(KubeconfigEntry exec, string version)
    {
        switch (exec.Text("interactiveMode"))
        {
            case "Never" or "IfAvailable":
            case null when version == Version1Beta1:
                return;
            case "Always":
                throw exec.Wrong(
                    "exec: interactiveMode is \"Always\", and a daemon has nobody at a terminal; it should be Never");
            case var mode:
                throw exec.Wrong($"exec: interactiveMode is \"{mode}\", not Never or IfAvailable");
        }
    }

    private static JsonObject ClusterInfo(KubeconfigEntry cluster)
    {
        JsonObject info = new() { ["server"] = cluster.Text("server") };
        if (cluster.Text("tls-server-name") is { } name) info["tls-server-name"] = name;
        if (Authorities(cluster) is { } pem)
            info["certificate-authority-data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
        if (cluster.Text("proxy-url") is { } proxy) info["proxy-url"] = proxy;
        if (cluster.Text("disable-compression") is "true") info["disable-compression"] = true;
        KubeconfigEntry? own = cluster.List("extensions").FirstOrDefault(
            static entry => entry.Text("name") == Group + "/exec");
        if (own?.Json("extension") is { } config) info["config"] = config;
        return info;
    }

    private static string? Authorities(KubeconfigEntry cluster)
    {
        try
        {
            return cluster.Pem("certificate-authority")?.Read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw cluster.Wrong($"certificate-authority cannot be read: {exception.Message}");
        }
    }
}
