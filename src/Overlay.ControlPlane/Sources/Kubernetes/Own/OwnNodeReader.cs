using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>Waits until this node's own Node meets a condition, by a watch of that one object.</summary>
internal sealed class OwnNodeReader(
    ApiServerClient api, NodeParser parser, KubernetesTimings timings, StoreHealth health, TimeProvider time,
    ILogger logger)
{
    /// <summary>The first Node of that name for which the condition holds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isGood">The condition.</param>
    /// <param name="lacking">The purpose of the wait while the Node is there and the condition does not hold.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ApiNode> WaitAsync(
        string name, Predicate<ApiNode> isGood, string lacking, CancellationToken cancellationToken)
    {
        SaidOnce waited = new();
        using ListWatch<ApiNode> nodes = new(
            api, parser, new ListQuery(ApiServerClient.Nodes, name, timings.WatchTime), timings, health, time, logger);
        await foreach (ObjectUpdate<ApiNode> update in nodes.RunAsync(cancellationToken))
        {
            ApiNode? node = update.Changes.Count > 0
                && !update.Changes[^1].IsDeleted ? update.Changes[^1].Object : null;
            if (node is not null && isGood(node)) return node;
            string waitsFor = node is null
                ? "to be in the cluster; kubelet registers it, under the name in Overlay:NodeName"
                : lacking;
            if (waited.Begin(waitsFor)) logger.NodeWaitedFor(name, waitsFor);
        }

        throw new OperationCanceledException(cancellationToken);
    }
}
