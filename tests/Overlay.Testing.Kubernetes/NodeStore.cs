using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Overlay.Testing.Kubernetes;

/// <summary>Nodes with versions and a history, as etcd keeps them for an API server. Thread-safe.</summary>
public sealed class NodeStore
{
    private const string PaddingMark = "@padding@";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (JsonObject Document, StoredNode Stored)> _nodes =
        new(StringComparer.Ordinal);
    private readonly List<NodeChanged> _history = [];
    private readonly Dictionary<long, StoredNode[]> _pagedLists = [];
    private readonly List<Channel<NodeChanged>> _watchers = [];
    private readonly bool _isPadded;
    private readonly PodCidrPool _podCidrs = new();
    private long _oldestWatch;

    internal NodeStore(bool isPadded) => _isPadded = isPadded;

    /// <summary>The version of the last change.</summary>
    public long Revision { get; private set; } = 200;

    /// <summary>
    /// Adds a Node or replaces one, as the store sees fit to name, version and date it. One that is made again without
    /// pod CIDRs gets others than it had.
    /// </summary>
    public void Put(JsonObject node)
    {
        lock (_gate)
        {
            JsonObject document = (JsonObject)node.DeepClone();
            string name = (string)document["metadata"]!["name"]!;
            bool isNew = !_nodes.TryGetValue(name, out (JsonObject Document, StoredNode Stored) before);
            JsonObject metadata = (JsonObject)document["metadata"]!;
            metadata["uid"] = isNew ? Guid.NewGuid().ToString() : (string)before.Document["metadata"]!["uid"]!;
            metadata["creationTimestamp"] = isNew ? Now() : (string)before.Document["metadata"]!["creationTimestamp"]!;
            if (isNew) _podCidrs.Give(name, document);
            _podCidrs.Use(document);
            Store(name, document, isNew ? "ADDED" : "MODIFIED");
        }
    }

    /// <summary>Changes a Node by a strategic merge patch; by its status subresource, spec stays.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool Patch(string name, JsonObject patch, bool isStatus = false)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(name, out (JsonObject Document, StoredNode Stored) node)) return false;
            JsonObject merged = (JsonObject)node.Document.DeepClone();
            StrategicMergePatch.Apply(merged, patch);
            if (isStatus) merged["spec"] = node.Document["spec"]?.DeepClone();

            // What changes nothing makes no version and no event.
            if (!JsonNode.DeepEquals(merged, node.Document)) Store(name, merged, "MODIFIED");
            return true;
        }
    }

    /// <summary>Sets an annotation; null takes it off.</summary>
    public void Annotate(string name, string key, string? value) =>
        Patch(name,
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } });

    /// <summary>Writes a Node's status without a change of what matters, as kubelet does.</summary>
    public void Heartbeat(string name) => Patch(name, new JsonObject
    {
        ["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = "True",
                ["lastHeartbeatTime"] = Guid.NewGuid().ToString()
            }),
        },
    });

    public bool Delete(string name)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(name, out (JsonObject Document, StoredNode Stored) node)) return false;
            _ = _nodes.Remove(name);
            _podCidrs.Remember(name, node.Document);
            JsonObject last = (JsonObject)node.Document.DeepClone();
            last["metadata"]!["resourceVersion"] = $"{++Revision}";
            Tell(new("DELETED", Format(name, last)));
            return true;
        }
    }

    /// <summary>A copy of a Node; null when there is none.</summary>
    public JsonObject? Get(string name)
    {
        lock (_gate) return _nodes.TryGetValue(name, out (JsonObject Document, StoredNode Stored) node)
            ? (JsonObject)node.Document.DeepClone()
            : null;
    }

    /// <summary>A Node's annotation; null when there is none.</summary>
    public string? Annotation(string name, string key) => (string?)Get(name)?["metadata"]?["annotations"]?[key];

    /// <summary>A Node's condition; null when there is none.</summary>
    public JsonNode? Condition(string name, string type) =>
        (Get(name)?["status"]?["conditions"] as JsonArray)?.FirstOrDefault(
            condition => (string?)condition?["type"] == type);

    /// <summary>Forgets all history, so that no older version can be watched or listed on from.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _oldestWatch = ++Revision;
            _history.Clear();
            _pagedLists.Clear();
        }
    }

    /// <summary>
    /// The API server is a new process: no watch from before it is granted for good, for its memory of changes is empty
    /// and others than Nodes have moved the version on.
    /// </summary>
    internal void Restart()
    {
        lock (_gate)
        {
            _oldestWatch = ++Revision;
            _watchers.Clear();
        }
    }

    internal StoredNode? Find(string name)
    {
        lock (_gate) return _nodes.TryGetValue(name, out (JsonObject Document, StoredNode Stored) node)
            ? node.Stored
            : null;
    }

    /// <summary>The nodes as they are, and at which version.</summary>
    internal (StoredNode[] Nodes, long Revision) List()
    {
        lock (_gate) return ([.. _nodes.Values.Select(static node => node.Stored)], Revision);
    }

    /// <summary>
    /// The nodes as they were at the version of a list's first page; null when that is compacted away.
    /// </summary>
    internal StoredNode[]? ListAt(long revision)
    {
        lock (_gate) return _pagedLists.GetValueOrDefault(revision);
    }

    internal void KeepList(long revision, StoredNode[] nodes)
    {
        lock (_gate) _pagedLists[revision] = nodes;
    }

    /// <summary>The changes after that version, with those to come; false when some are forgotten.</summary>
    internal bool TryWatch(long revision, out Channel<NodeChanged> events, out long oldest)
    {
        lock (_gate)
        {
            events = Channel.CreateUnbounded<NodeChanged>();
            oldest = _oldestWatch;
            if (revision < _oldestWatch) return false;
            foreach (NodeChanged change in _history.Where(change => change.Node.Revision > revision))
                _ = events.Writer.TryWrite(change);
            _watchers.Add(events);
            return true;
        }
    }

    /// <summary>The nodes as they are, then what goes on to happen.</summary>
    internal (StoredNode[] Nodes, long Revision, Channel<NodeChanged> Events) WatchFromState()
    {
        lock (_gate)
        {
            Channel<NodeChanged> events = Channel.CreateUnbounded<NodeChanged>();
            _watchers.Add(events);
            return ([.. _nodes.Values.Select(static node => node.Stored)], Revision, events);
        }
    }

    internal void Unwatch(Channel<NodeChanged> events)
    {
        lock (_gate) _ = _watchers.Remove(events);
    }

    private static string Now() =>
        DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    private void Store(string name, JsonObject document, string type)
    {
        document["kind"] = "Node";
        document["apiVersion"] = "v1";
        document["metadata"]!["resourceVersion"] = $"{++Revision}";
        StoredNode stored = Format(name, document);
        _nodes[name] = (document, stored);
        Tell(new(type, stored));
    }

    private void Tell(NodeChanged change)
    {
        _history.Add(change);
        foreach (Channel<NodeChanged> watcher in _watchers) _ = watcher.Writer.TryWrite(change);
    }

    private StoredNode Format(string name, JsonObject document)
    {
        JsonObject ordered = new() { ["kind"] = "Node", ["apiVersion"] = "v1" };
        foreach ((string key, JsonNode? value) in document.Where(
            static member => member.Key is not ("kind" or "apiVersion"))) ordered[key] = value?.DeepClone();
        if (_isPadded)
        {
            ordered["status"] ??= new JsonObject();
            ordered["status"]!["images"] = new JsonArray(PaddingMark);
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(ordered, _options);
        int mark = _isPadded ? json.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes($"\"{PaddingMark}\"")) : json.Length;
        return new(name, Revision, json[..mark], _isPadded ? json[(mark + PaddingMark.Length + 2)..] : []);
    }

    private static readonly JsonSerializerOptions _options = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
