using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Leases;

/// <summary>Lists and watches of Nodes, from the bytes of the stream to leases.</summary>
internal sealed class KubernetesReading
{
    private static readonly TimeSpan _silence = TimeSpan.FromMinutes(1);

    private readonly AnnotationKeys _keys;
    private readonly NodeParser _parser;

    public KubernetesReading()
    {
        Invariant.Holds(AnnotationKeys.TryParse("flannel.alpha.coreos.com", out AnnotationKeys? keys));
        _keys = keys;
        _parser = new NodeParser(_keys);
    }

    /// <param name="input">The size of the pieces in which the stream arrives, and the stream.</param>
    /// <param name="isList">It is a list; else a watch.</param>
    public void ReadStream(ReadOnlySpan<byte> input, bool isList)
    {
        FuzzInput rest = new(input);
        int piece = 1 + rest.Byte();
        byte[] bytes = rest.Rest.ToArray();
        bool isSound = TryCut(bytes, bytes.Length + 1, isList, out List<(string Member, byte[] Json)> frames);
        bool isSoundInPieces = TryCut(bytes, piece, isList, out List<(string Member, byte[] Json)> inPieces);
        Invariant.Holds(isSound == isSoundInPieces && frames.Count == inPieces.Count, "pieces change nothing");
        for (int i = 0; i < frames.Count; i++)
        {
            Invariant.Holds(frames[i].Member == inPieces[i].Member, "pieces change no member");
            Invariant.Same(inPieces[i].Json, frames[i].Json, "an object that came in pieces");
        }

        NodeSetState nodes = new(_keys, NullLogger.Instance);
        if (isList) ReadList(nodes, frames);
        else ReadWatch(nodes, frames);
        foreach ((string node, string problem) in nodes.Problems)
        {
            Sentence.Check(node);
            Sentence.Check(problem);
        }
    }

    private void ReadList(NodeSetState nodes, List<(string Member, byte[] Json)> frames)
    {
        List<ApiNode> objects = [];
        foreach ((string member, byte[] json) in frames)
        {
            if (member == "metadata") _ = _parser.ReadMetadata(json);
            else if (member == "items" && _parser.ReadObject(json) is { } node) objects.Add(node);
        }

        Check(nodes.Apply(ObjectUpdate<ApiNode>.Snapshot(objects)));
    }

    private void ReadWatch(NodeSetState nodes, List<(string Member, byte[] Json)> frames)
    {
        foreach ((_, byte[] json) in frames)
        {
            if (_parser.ReadEvent(json) is not { } change) continue;
            Check(nodes.Apply(new(false, [new(change.Object, change.Type == "DELETED")])));
        }
    }

    private static void Check(LeaseUpdate? update)
    {
        IEnumerable<Lease> leases = update switch
        {
            LeaseUpdate.Snapshot snapshot => snapshot.Leases,
            LeaseUpdate.Events events =>
                events.Changes.OfType<LeaseEvent.Added>().Select(static added => added.Lease),
            _ => [],
        };
        foreach (Lease lease in leases)
        {
            Invariant.Holds(NodeName.IsValid(lease.Node), "a lease has the name of a node");
            if (lease.PodCidrs.Any() && lease.PublicAddresses.Any()) LeaseFileReading.Check(lease);
        }
    }

    private static bool TryCut(byte[] bytes, int piece, bool isList, out List<(string Member, byte[] Json)> frames)
    {
        frames = [];
        using JsonFrameReader reader = new(
            new ApiStream(
                new HttpResponseMessage(), new PiecewiseStream(bytes, piece), _silence, CancellationToken.None),
            isList);
        try
        {
            do
            {
                while (reader.TryRead(out JsonFrame frame)) frames.Add((frame.Member, frame.Json.ToArray()));
            }
            while (reader.FillAsync().AsTask().GetAwaiter().GetResult());
            return true;
        }
        catch (InvalidDataException refused)
        {
            Sentence.Check(refused.Message);
            return false;
        }
    }
}
