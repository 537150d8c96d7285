using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>Waits until this node's own Node says what is needed, by a watch of that one object.</summary>
internal sealed class OwnNodeReader(
    ApiServerClient api, NodeParser parser, KubernetesTimings timings, ApiServerHealth health, TimeProvider time, ILogger logger)
{
    /// <summary>The first Node of that name for which the condition holds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isGood">The condition.</param>
    /// <param name="lacking">What is waited for while the Node is there and the condition does not hold.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ApiObject> WaitAsync(string name, Predicate<ApiObject> isGood, string lacking, CancellationToken cancellationToken)
    {
        string? said = null;
        using NodeListWatch nodes = new(api, parser, new NodeQuery(name, timings.WatchTime), timings, health, time, logger);
        await foreach (NodeUpdate update in nodes.RunAsync(cancellationToken))
        {
            ApiObject? node = update.Changes.Count > 0 && !update.Changes[^1].IsDeleted ? update.Changes[^1].Node : null;
            if (node is not null && isGood(node)) return node;
            string waitsFor = node is null ? "to be in the cluster; kubelet registers it, under the name in Overlay:NodeName" : lacking;
            if (waitsFor == said) continue;
            said = waitsFor;
            logger.LogWarning("Node {Node} is waited for {WaitsFor}", name, waitsFor);
        }

        throw new OperationCanceledException(cancellationToken);
    }
}
