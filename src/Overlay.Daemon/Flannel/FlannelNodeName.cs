using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;

namespace Overlay.Daemon.Flannel;

/// <summary>
/// The name of the Node, as flanneld finds it: NODE_NAME, else the API server knows where the pod of POD_NAME and
/// POD_NAMESPACE is.
/// </summary>
internal static class FlannelNodeName
{
    private const string Key = "Overlay:NodeName";

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    /// <summary>Adds the name to the keys, where one is to be had; else it is the host's.</summary>
    /// <param name="keys">The keys so far: they say how the API server is reached.</param>
    /// <param name="variables">The environment.</param>
    /// <exception cref="InvalidDataException">The kubeconfig cannot be used.</exception>
    public static void Add(Dictionary<string, string?> keys, IReadOnlyDictionary<string, string> variables)
    {
        if (Variable("OVERLAY_NodeName") is not null) return;
        if (Variable("NODE_NAME") is { } name) keys[Key] = name;
        else if (Variable("POD_NAME") is { } pod && Variable("POD_NAMESPACE") is { } podNamespace)
            keys[Key] = Ask(keys, podNamespace, pod);

        string? Variable(string variable) => variables.GetValueOrDefault(variable) is { Length: > 0 } value ? value : null;
    }

    // A server that is away, or a role that is not there yet, comes: nothing can be made before. There is no log yet.
    private static string Ask(Dictionary<string, string?> keys, string podNamespace, string pod)
    {
        KubernetesOptions options = new()
        {
            NodeName = "",
            Kubeconfig = keys.GetValueOrDefault("Overlay:ControlPlane:Kubernetes:Kubeconfig") ?? "",
            ApiServer = keys.GetValueOrDefault("Overlay:ControlPlane:Kubernetes:ApiServer") ?? "",
        };
        string? said = null;
        while (true)
        {
            try
            {
                return PodPlace.FindNodeAsync(options, podNamespace, pod, CancellationToken.None).GetAwaiter().GetResult();
            }
            catch (IOException exception)
            {
                if (exception.Message != said)
                    Console.Error.WriteLine(
                        $"overlayd: the API server is asked again for the node of pod {podNamespace}/{pod}, which NODE_NAME "
                        + $"would save: it {exception.Message}");
                said = exception.Message;
            }

            Thread.Sleep(_pause);
        }
    }
}
