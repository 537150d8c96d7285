using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>The lease that this node has announced, and its Node as it was last seen. Thread-safe.</summary>
internal sealed class OwnNodeState(
    string name, AnnotationKeys keys, KubernetesTimings timings, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly RepairPace _pace =
        new(timings.FirstRepairPause, timings.LongestRepairPause, timings.RepairMemory, time);
    private readonly SaidOnce _writeProblem = new();
    private readonly SaidOnce _overwriteProblem = new();
    private Lease? _published;
    private ApiNode? _node;
    private PodCidrs? _reassigned;
    private bool _isReady;
    private bool _isGone;
    private bool _isSeenMeanwhile;
    private NodeWrite _inFlight = NodeWrite.None;
    private NodeWritten _lastWritten = NodeWritten.None;
    private string _contest = "";

    public string Name => name;

    /// <summary>The reason why peers may see an old lease of this node; null when they see the published one.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
            {
                if (_isGone && _published is not null)
                    return "is not in the cluster any more, so peers do not know this node";
                return _writeProblem.Problem ?? _overwriteProblem.Problem ?? (_pace.IsContested ? _contest : null);
            }
        }
    }

    /// <summary>How long to wait before what somebody changed is written again.</summary>
    public TimeSpan RepairWait
    {
        get
        {
            lock (_gate) return _pace.Wait;
        }
    }

    /// <summary>The Node lacks an annotation or condition, as far as is known.</summary>
    public bool NeedsWrite
    {
        get
        {
            lock (_gate) return !_isGone && (_published is not null || _isReady)
                && (_node is null || Missing(_node).Count > 0 || IsReadyMissing(_node));
        }
    }

    public void Publish(Lease own)
    {
        lock (_gate)
        {
            // A reassignment that failed keeps the former pod CIDRs, and is not handed on again because of that.
            if (_published?.Subnet != own.Subnet || _published?.SubnetV6 != own.SubnetV6) _reassigned = null;
            _published = own;
        }
    }

    public void ReportReady()
    {
        lock (_gate) (_isReady, _lastWritten) = (true, _lastWritten with { ReadyUid = null });
    }

    /// <summary>
    /// A write begins, with reading the Node: whatever is seen from now on may be younger than its answers.
    /// </summary>
    public void Begin()
    {
        lock (_gate) _isSeenMeanwhile = false;
    }

    /// <summary>Takes the Node as the watch has it; null when it is not in the cluster.</summary>
    public void See(ApiNode? node)
    {
        lock (_gate) _isSeenMeanwhile = true;
        Read(node);
    }

    /// <summary>Takes the Node as a write has read it; null when it is not in the cluster.</summary>
    public void Read(ApiNode? node)
    {
        lock (_gate)
        {
            bool wasGone = _isGone;
            _isGone = node is null;
            if (node is not null) _node = node;
            if (_published is null || wasGone == _isGone) return;
            if (_isGone) logger.NodeGone(name);
            else logger.NodeIsThere(name);
        }
    }

    /// <summary>The patch that gives the Node the published lease; null when it has it.</summary>
    /// <param name="node">The Node as it is this moment.</param>
    public byte[]? Patch(ApiNode node)
    {
        lock (_gate)
        {
            _inFlight = new(Wanted(node), IsReadyMissing(node));
            List<KeyValuePair<string, string?>> missing = Missing(node);
            if (missing.Count == 0 && !_inFlight.SaysReady) return null;
            if (IsChangedByOthers(node, missing)) Contest(node, missing);
            return NodeStatusPatch.Format(missing, _inFlight.SaysReady ? time.GetUtcNow() : null);
        }
    }

    /// <summary>The patch was taken.</summary>
    /// <param name="node">The Node with it.</param>
    public void Written(ApiNode node)
    {
        lock (_gate)
        {
            // The younger of the two is unknown, for versions are opaque: the Node is read once more.
            _node = _isSeenMeanwhile ? null : node;
            _isGone = false;
            _ = _writeProblem.End();
            _lastWritten = new(node.Uid, _inFlight.Annotations, _inFlight.SaysReady ? node.Uid : _lastWritten.ReadyUid);
        }
    }

    /// <summary>The Node was not written.</summary>
    /// <param name="reason">The reason, which may change with every try.</param>
    /// <param name="cause">Reasons of one cause are logged once.</param>
    public void Failed(string reason, string cause)
    {
        if (_writeProblem.Begin(reason, cause)) logger.NodeNotWritten(name, reason);
    }

    /// <summary>
    /// The Node's pod CIDRs, once when they differ from those published, and once when they no longer do.
    /// </summary>
    public PodCidrs? TakeReassigned()
    {
        lock (_gate)
        {
            if (_published is null || _node is null || _isGone) return null;
            if (!NodeLease.TryReadPodCidrs(_node, out PodCidrs given, out _) || given == new PodCidrs(null, null))
                return null;

            // A family the node is not to carry is not published, and is no other pod CIDR.
            bool isSame = (_published.Subnet is null || _published.Subnet == given.Ipv4)
                && (_published.SubnetV6 is null || _published.SubnetV6 == given.Ipv6);
            PodCidrs? other = isSame ? null : given;
            if (other == _reassigned) return null;
            _reassigned = other;
            return given;
        }
    }

    private SortedDictionary<string, string?> Wanted(ApiNode node)
    {
        string? problem = null;
        SortedDictionary<string, string?> wanted = _published is null
            ? []
            : NodeAnnotations.Of(_published, node, keys, out problem);
        if (problem is null) _ = _overwriteProblem.End();
        else if (_overwriteProblem.Begin(problem)) logger.OverwriteUnusable(name, problem);
        return wanted;
    }

    private List<KeyValuePair<string, string?>> Missing(ApiNode node) =>
        [.. Wanted(node).Where(entry => node[entry.Key] != entry.Value)];

    private bool IsReadyMissing(ApiNode node) =>
        _isReady && (!_lastWritten.IsReady(node.Uid) || node.NetworkUnavailable != "False");

    // This very Node lacks an annotation or condition that this run has written, and would write again.
    private bool IsChangedByOthers(ApiNode node, List<KeyValuePair<string, string?>> missing) =>
        (_lastWritten.IsOf(node.Uid) && missing.Any(
            entry => _lastWritten.Annotations.TryGetValue(entry.Key, out string? written) && written == entry.Value))
        || (_lastWritten.IsReady(node.Uid) && node.NetworkUnavailable != "False");

    private static string Shown(string? annotation) => annotation is null ? "gone" : $"\"{annotation}\"";

    private void Contest(ApiNode node, List<KeyValuePair<string, string?>> missing)
    {
        bool wasContested = _pace.IsContested;
        _pace.Repaired();
        string change = missing.Count > 0
            ? $"annotation {missing[0].Key} is {Shown(node[missing[0].Key])}, not {Shown(missing[0].Value)}"
            : $"condition NetworkUnavailable is {node.NetworkUnavailable ?? "gone"}, not False";
        _contest =
            $"is written by another daemon too, such as flannel: {change}; this node writes it again ever more rarely";
        if (_pace.IsContested && !wasContested) logger.NodeContested(name, _contest);
        else if (!wasContested) logger.NodeChangedByOthers(name, change);
    }
}
