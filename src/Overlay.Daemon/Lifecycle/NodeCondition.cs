namespace Overlay.Daemon.Lifecycle;

/// <summary>A state of the node that pods' packets need in order to flow, by its name.</summary>
/// <param name="Name">Short, and without blanks: monitoring has it.</param>
/// <param name="Look">The reason why it is not so now; null where it is.</param>
internal sealed record NodeCondition(string Name, Func<NodeStatus, string?> Look)
{
    /// <summary>All conditions, in the order in which a start brings them about. Together they are readiness.</summary>
    public static IReadOnlyList<NodeCondition> All { get; } =
    [
        new("store", static node => node.HasPlan ? null
            : $"waiting for {node.WaitingFor ?? "the store's answer, or what an earlier run has saved of it"}"),
        new("node", static node => node.HasNode ? null : "sockets and device are not made"),
        new("leases", static node => node.HasLeases ? null
            : $"waiting for {node.WaitingFor ?? "the first leases"}"),
        new("workers", static node => node.HasWorkers ? null : "no worker forwards packets"),
        new("announced", static node => node.Started is not null ? null : "lease and subnet file are not written"),
        new("host", static node => node.Problems is [] ? null : $"problems: {node.Problems.Count}"),
    ];
}
