using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>What this node has announced, and how its Node looks. Thread-safe.</summary>
internal sealed class OwnNodeState(string name, AnnotationKeys keys, KubernetesTimings timings, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly RepairPace _pace = new(timings, time);
    private Lease? _published;
    private bool _isReady;
    private ApiObject? _node;
    private bool _isGone;
    private string? _writtenUid;
    private string? _readyUid;
    private SortedDictionary<string, string?> _written = [];
    private SortedDictionary<string, string?> _writing = [];
    private bool _isSayingReady;
    private string? _overwriteProblem;
    private string? _writeProblem;
    private string? _contest;
    private PodCidrs? _reassigned;

    public string Name => name;

    /// <summary>Why peers may not see this node as it is; null when they do.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
            {
                if (_isGone && _published is not null) return "is not in the cluster any more, so peers do not know this node";
                return _writeProblem ?? _overwriteProblem ?? (_pace.IsContested ? _contest : null);
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

    /// <summary>The Node lacks something, as far as is known.</summary>
    public bool NeedsWrite
    {
        get
        {
            lock (_gate) return !_isGone && (_published is not null || _isReady) && (_node is null || Missing(_node).Count > 0 || IsReadyMissing(_node));
        }
    }

    public void Publish(Lease own)
    {
        lock (_gate)
        {
            // What could not be carried out leads to no other pod CIDRs, and is not told again because of that.
            if (_published?.Subnet != own.Subnet || _published?.SubnetV6 != own.SubnetV6) _reassigned = null;
            _published = own;
        }
    }

    public void ReportReady()
    {
        lock (_gate) (_isReady, _readyUid) = (true, null);
    }

    /// <summary>Takes a look at the Node; null when it is not there.</summary>
    public void See(ApiObject? node)
    {
        lock (_gate)
        {
            bool wasGone = _isGone;
            _isGone = node is null;
            if (node is not null) _node = node;
            if (_published is null || wasGone == _isGone) return;
            if (_isGone) logger.LogWarning("Node {Node} is not in the cluster any more; it is written again when it is back", name);
            else logger.LogInformation("Node {Node} is in the cluster", name);
        }
    }

    /// <summary>The patch that makes the Node what it should be; null when it is.</summary>
    /// <param name="node">The Node as it is this moment.</param>
    public byte[]? Patch(ApiObject node)
    {
        lock (_gate)
        {
            _writing = Wanted(node);
            _isSayingReady = IsReadyMissing(node);
            List<KeyValuePair<string, string?>> missing = Missing(node);
            if (missing.Count == 0 && !_isSayingReady) return null;
            if (IsChangedByOthers(node, missing)) Contest(node, missing);
            return NodeStatusPatch.Format(missing, _isSayingReady ? time.GetUtcNow() : null);
        }
    }

    /// <summary>The patch was taken.</summary>
    /// <param name="node">The Node with it.</param>
    public void Written(ApiObject node)
    {
        lock (_gate)
        {
            _node = node;
            _isGone = false;
            _writeProblem = null;
            (_written, _writtenUid) = (_writing, node.Uid);
            if (_isSayingReady) _readyUid = node.Uid;
        }
    }

    public void Failed(string reason)
    {
        lock (_gate)
        {
            if (_writeProblem == reason) return;
            _writeProblem = reason;
            logger.LogWarning("Node {Node} {Reason}. It is tried again", name, reason);
        }
    }

    /// <summary>The Node's pod CIDRs, where they are others than those published, or are those again; once for each.</summary>
    public PodCidrs? TakeReassigned()
    {
        lock (_gate)
        {
            if (_published is null || _node is null || _isGone) return null;
            if (!NodeLease.TryReadPodCidrs(_node, out PodCidrs given, out _) || given == new PodCidrs(null, null)) return null;

            // A family the node is not to carry is not published, and is no other pod CIDR.
            bool isSame = (_published.Subnet is null || _published.Subnet == given.Ipv4) && (_published.SubnetV6 is null || _published.SubnetV6 == given.Ipv6);
            PodCidrs? other = isSame ? null : given;
            if (other == _reassigned) return null;
            _reassigned = other;
            return given;
        }
    }

    private SortedDictionary<string, string?> Wanted(ApiObject node)
    {
        string? problem = null;
        SortedDictionary<string, string?> wanted = _published is null ? [] : NodeAnnotations.Of(_published, node, keys, out problem);
        if (problem is not null && problem != _overwriteProblem) logger.LogWarning("Node {Node}: {Reason}. The node's own address is published", name, problem);
        _overwriteProblem = problem;
        return wanted;
    }

    private List<KeyValuePair<string, string?>> Missing(ApiObject node) => [.. Wanted(node).Where(entry => node[entry.Key] != entry.Value)];

    private bool IsReadyMissing(ApiObject node) => _isReady && (_readyUid != node.Uid || node.NetworkUnavailable != "False");

    // What this run wrote into this very Node, and would write again, is not there.
    private bool IsChangedByOthers(ApiObject node, List<KeyValuePair<string, string?>> missing) =>
        (_writtenUid is not null && _writtenUid == node.Uid && missing.Any(entry => _written.TryGetValue(entry.Key, out string? written) && written == entry.Value))
        || (_readyUid is not null && _readyUid == node.Uid && node.NetworkUnavailable != "False");

    private static string Shown(string? annotation) => annotation is null ? "gone" : $"\"{annotation}\"";

    private void Contest(ApiObject node, List<KeyValuePair<string, string?>> missing)
    {
        bool wasContested = _pace.IsContested;
        _pace.Repaired();
        string what = missing.Count > 0
            ? $"annotation {missing[0].Key} is {Shown(node[missing[0].Key])}, not {Shown(missing[0].Value)}"
            : $"condition NetworkUnavailable is {node.NetworkUnavailable ?? "gone"}, not False";
        _contest = $"is written by another daemon too, such as flannel: {what}; this node writes it again ever more rarely";
        if (_pace.IsContested && !wasContested) logger.LogError("Node {Node} {Reason}", name, _contest);
        else if (!wasContested) logger.LogWarning("Node {Node} was changed by somebody and is written again: {Reason}", name, what);
    }
}
