using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Flannel;

/// <summary>
/// The name of the Node, as flanneld finds it: NODE_NAME, else the API server knows where the pod of POD_NAME and
/// POD_NAMESPACE is.
/// </summary>
internal static class FlannelNodeName
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    /// <summary>The name; null where only the host's is to be had.</summary>
    /// <param name="variables">The environment.</param>
    /// <param name="options">The way to the API server.</param>
    /// <exception cref="ConfigurationException">The API server is not known, or its kubeconfig cannot be used.</exception>
    public static string? Find(IReadOnlyDictionary<string, string> variables, KubernetesOptions options)
    {
        if (Variable("NODE_NAME") is { } name) return name;
        return Variable("POD_NAME") is { } pod && Variable("POD_NAMESPACE") is { } podNamespace
            ? Ask(options, podNamespace, pod)
            : null;

        string? Variable(string variable) =>
            variables.GetValueOrDefault(variable) is { Length: > 0 } value ? value : null;
    }

    // A server that is away, or a role that is not there yet, comes: nothing can be made before. There is no log yet.
    private static string Ask(KubernetesOptions options, string podNamespace, string pod)
    {
        string? said = null;
        while (true)
        {
            try
            {
                return PodPlace.FindNodeAsync(options, podNamespace, pod, CancellationToken.None)
                    .GetAwaiter().GetResult();
            }
            catch (InvalidDataException unusable)
            {
                throw new ConfigurationException(unusable.Message);
            }
            catch (IOException failure)
            {
                if (failure.Message != said)
                    Console.Error.WriteLine(
                        $"overlayd: the API server is asked again for the node of pod {podNamespace}/{pod}, which NODE_NAME "
                        + $"would save: it {failure.Message}");
                said = failure.Message;
            }

            Thread.Sleep(_pause);
        }
    }
}
