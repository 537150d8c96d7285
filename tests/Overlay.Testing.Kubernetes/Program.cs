using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Overlay.Testing.Kubernetes;

// A stand-in as a process of its own, inside a network namespace for instance: ADDRESS PORT DIRECTORY. Writes the
// authority (ca.crt), a kubeconfig and, of nodes.json (a NodeList) where it is there, the nodes; ends by SIGTERM.
if (args is not [var address, var port, var directory])
{
    await Console.Error.WriteLineAsync("usage: Overlay.Testing.Kubernetes ADDRESS PORT DIRECTORY");
    return 64;
}

StandinCertificates certificates = new();
await using ApiServerStandin standin = await ApiServerStandin.StartAsync(
    new()
    {
        Address = IPAddress.Parse(address),
        Port = int.Parse(
        port, System.Globalization.CultureInfo.InvariantCulture),
        Certificates = certificates
    });
string nodes = Path.Combine(directory, "nodes.json");
if (File.Exists(nodes))
{
    foreach (JsonNode? node in JsonNode.Parse(await File.ReadAllTextAsync(nodes))!["items"]!.AsArray())
        standin.Nodes.Put(node!.AsObject());
}

await File.WriteAllTextAsync(Path.Combine(directory, "ca.crt"), certificates.AuthorityPem);
await File.WriteAllTextAsync(Path.Combine(directory, "kubeconfig"), Kubeconfig.Format(standin.Url, "ca.crt"));
Console.WriteLine(standin.Url.ToString().TrimEnd('/'));

TaskCompletionSource ended = new();
using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    ended.SetResult();
});
await ended.Task;
return 0;
