using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.ControlPlane.Trust;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>The leases of all nodes, which outlive bad annotations and lists that cannot be true. One writer.</summary>
internal sealed class NodeSetState(AnnotationKeys keys, ILogger logger)
{
    private const string EmptyList =
        "there is none at all, not even this one, as in an API server that is the wrong one or was emptied";
    private const string All = "nodes";
    private const string Nameless = "nodes/?";

    private readonly SortedDictionary<string, NodeEntry> _nodes = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, string> _problems = new Dictionary<string, string>();
    private readonly Dictionary<string, SaidOnce> _said = new(StringComparer.Ordinal);
    private bool _hasNameless;
    private bool _isDoubted;

    /// <summary>Nodes, as in <c>nodes/b</c>, each with its problem. Any thread may read it.</summary>
    public IReadOnlyDictionary<string, string> Problems => _problems;

    /// <summary>Takes leases as if they had been read: their Nodes may be damaged by now.</summary>
    public void Remember(IReadOnlyList<Lease> known)
    {
        foreach (Lease lease in known) _ = _nodes.TryAdd(lease.Node, NodeEntry.New with { Lease = lease });
    }

    /// <summary>False for a list that cannot be true, and so is not to be applied.</summary>
    public bool IsBelievable(ObjectUpdate<ApiNode> update)
    {
        bool isDoubted = update.IsSnapshot
            && !StoreBelief.IsCluster(
                update.Changes.Count, knowsLeases: _nodes.Values.Any(static entry => entry.Lease is not null));
        if (isDoubted != _isDoubted)
        {
            _isDoubted = isDoubted;
            if (isDoubted) logger.NodesDoubted(EmptyList);
            else logger.NodesBelieved();
            PublishProblems();
        }

        return !isDoubted;
    }

    /// <summary>The changes of leases that follow from an update; null when there are none.</summary>
    public LeaseUpdate? Apply(ObjectUpdate<ApiNode> update)
    {
        List<LeaseEvent> events = [];
        bool saysMore = false;
        if (update.IsSnapshot)
        {
            _hasNameless = false;
            HashSet<string> present = [.. update.Changes.Select(static change => change.Object.Name)];
            foreach (string name in _nodes.Keys.Where(name => !present.Contains(name)).ToList())
                saysMore |= Forget(name, events);
        }

        foreach (ObjectChange<ApiNode> change in update.Changes)
        {
            saysMore |= change.IsDeleted ? Forget(change.Object.Name, events) : Take(change.Object, events);
        }

        if (saysMore || update.IsSnapshot) PublishProblems();
        if (update.IsSnapshot)
            return new LeaseUpdate.Snapshot([.. _nodes.Values.Select(static entry => entry.Lease).OfType<Lease>()]);
        return events.Count > 0 ? new LeaseUpdate.Events(events) : null;
    }

    /// <returns>True when there is another problem than before, or one less.</returns>
    private bool Take(ApiNode node, List<LeaseEvent> events)
    {
        if (!NodeName.IsValid(node.Name)) return TakeNameless();
        NodeEntry before = _nodes.GetValueOrDefault(node.Name, NodeEntry.New);
        NodeEntry now = before.Next(node, keys);
        _nodes[node.Name] = now;
        if (now.Lease is null && before.Lease is not null) events.Add(new LeaseEvent.Removed(node.Name));
        else if (now.Lease is not null && now.Lease != before.Lease) events.Add(new LeaseEvent.Added(now.Lease));
        if (now.Problem == before.Problem) return false;
        if (now.Problem is not null) Say(node.Name, now.Problem, now.Lease);
        else if (_said.Remove(node.Name)) logger.NodeIsSound(node.Name);
        return true;
    }

    // Two writers of one Node take turns with two problems.
    private void Say(string node, string problem, Lease? lease)
    {
        if (!_said.TryGetValue(node, out SaidOnce? said)) _said[node] = said = new();
        if (!said.Begin(problem)) return;
        logger.NodeNotTaken(
            node, problem, lease is null ? "Nothing is known of it" : "The lease read before stays in force");
    }

    private bool Forget(string name, List<LeaseEvent> events)
    {
        _ = _said.Remove(name);
        if (!_nodes.Remove(name, out NodeEntry? entry)) return false;
        if (entry.Lease is not null) events.Add(new LeaseEvent.Removed(name));
        return entry.Problem is not null;
    }

    private bool TakeNameless()
    {
        if (!_hasNameless) logger.NodeNameless();
        (bool before, _hasNameless) = (_hasNameless, true);
        return !before;
    }

    private void PublishProblems()
    {
        Dictionary<string, string> problems = [];
        if (_isDoubted) problems[All] = EmptyList;
        if (_hasNameless) problems[Nameless] = "has no name such as node-a";
        foreach ((string name, NodeEntry entry) in _nodes)
        {
            if (entry.Problem is not null) problems[$"nodes/{name}"] = entry.Problem;
        }

        _problems = problems;
    }
}
