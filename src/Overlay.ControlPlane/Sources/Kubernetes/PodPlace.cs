using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes;

/// <summary>
/// Asks the API server for the node that a pod is on, as flanneld does with POD_NAME and POD_NAMESPACE where no NODE_NAME
/// is given.
/// </summary>
public static class PodPlace
{
    private const int MostBytes = 1 << 20;

    /// <summary>The node's name.</summary>
    /// <param name="options">The way to the API server; the node's name in it is not looked at.</param>
    /// <param name="podNamespace">The pod's namespace.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="IOException">
    /// The server cannot be reached, refuses, or does not know the pod or its node; the message's subject is the server.
    /// </exception>
    /// <exception cref="InvalidDataException">An option or the kubeconfig cannot be used.</exception>
    public static async Task<string> FindNodeAsync(
        KubernetesOptions options, string podNamespace, string pod, CancellationToken cancellation)
    {
        ApiServerAccess access = ApiServerAccess.Of(options);

        // Of a Node's annotations nothing is read here, so any sound prefix will do.
        _ = AnnotationKeys.TryParse(KubernetesOptions.DefaultAnnotationPrefix, out AnnotationKeys? keys);
        using ApiServerClient api = new(
            ApiServerConnection.Open(
                access, options.Timings, TimeProvider.System, static _ => { }, NullLogger.Instance), access,
            new NodeParser(keys!), options.Timings, "get on pods");
        try
        {
            using ApiStream answer = await api.OpenAsync(
                $"api/v1/namespaces/{Uri.EscapeDataString(podNamespace)}/pods/{Uri.EscapeDataString(pod)}", cancellation);
            return NodeOf(await ReadAsync(answer))
                ?? throw new IOException($"has answered without the node of pod {podNamespace}/{pod}");
        }
        catch (ApiServerException missing) when (missing.Status == HttpStatusCode.NotFound
            && missing.Message.Contains($"\"{pod}\"", StringComparison.Ordinal))
        {
            throw new IOException($"knows no pod {podNamespace}/{pod}", missing);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(ApiStream answer)
    {
        byte[] buffer = new byte[MostBytes];
        int length = 0;
        while (length < MostBytes)
        {
            int read = await answer.ReadAsync(buffer.AsMemory(length));
            if (read == 0) break;
            length += read;
        }

        return buffer.AsMemory(0, length);
    }

    private static string? NodeOf(ReadOnlyMemory<byte> pod)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(pod);
            return document.RootElement.TryGetProperty("spec", out JsonElement spec)
                && spec.TryGetProperty("nodeName", out JsonElement node) ? node.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
