using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.ControlPlane.Sources.Etcd.Protocol;
using Overlay.ControlPlane.Sources.Etcd.Watch;
using Overlay.Fuzzing.Targets;
using Lease = Overlay.ControlPlane.Leases.Lease;

namespace Overlay.Fuzzing.Leases;

/// <summary>Keys, values and messages of etcd.</summary>
internal sealed class EtcdReading
{
    private static readonly StoreLocation _store = new("Etcd", "http://127.0.0.1:2379/coreos.com/network");

    private readonly EtcdKeys _keys = new("/coreos.com/network");

    /// <summary>One key with its value.</summary>
    public void ReadKey(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!SubnetKey.TryParse(name, out SubnetKey? key)) return;
        Invariant.Same(System.Text.Encoding.UTF8.GetBytes(key.ToString()), name, "a key that is written");
        Invariant.Holds(NodeName.IsValid(key.NodeName), "the name that a key makes is a node's");
        LeaseValue read = LeaseValue.Read(key, value, isReservation: true);
        if (read.Problem is not null) Sentence.Check(read.Problem);
        if (read.Lease is null) return;
        LeaseFileReading.Check(read.Lease);
        LeaseValue again = LeaseValue.Read(key, LeaseValue.Format(read.Lease), isReservation: false);
        Invariant.Holds(again.Lease == read.Lease, "a value that is written is read as it was");
        Invariant.Holds(_keys.TryGetSubnet(_keys.BytesOf(key), out ReadOnlySpan<byte> subnet));
        Invariant.Same(subnet, name, "the end of a key");
    }

    /// <summary>A list, and the messages of a watch behind it.</summary>
    public void ReadMessages(ReadOnlySpan<byte> messages)
    {
        StoreHealth health = new(_store, TimeProvider.System, NullLogger.Instance);
        EtcdLeaseState state = new(_keys, health);
        Dictionary<string, Lease> followed = [];
        FuzzInput input = new(messages);
        for (bool isFirst = true; !input.IsEmpty; isFirst = false)
        {
            byte[] message = input.Bytes(input.UInt16()).ToArray();
            if (!TryParse(message, isFirst, out RangeResponse? list, out WatchResponse? changes)) continue;
            if (list is not null)
            {
                state.Replace(list.Kvs.Select(EtcdKeyValue.Of));
                followed = state.Snapshot(null).Leases.ToDictionary(static lease => lease.Node);
            }
            else Follow(followed, state.Apply(changes!.Events.Select(EtcdEvent.Of), null));
        }

        Lease[] leases = [.. state.Snapshot(null).Leases];
        foreach (Lease lease in leases) LeaseFileReading.Check(lease);
        Invariant.Holds(
            leases.Length == followed.Count && leases.All(lease => followed.GetValueOrDefault(lease.Node) == lease),
            "events lead to what a list would have");
        foreach ((string key, string problem) in health.Problems)
        {
            Sentence.Check(key);
            Sentence.Check(problem);
        }
    }

    private static void Follow(Dictionary<string, Lease> leases, IReadOnlyList<LeaseEvent> changes)
    {
        foreach (LeaseEvent change in changes)
        {
            if (change is LeaseEvent.Added added) leases[added.Lease.Node] = added.Lease;
            else Invariant.Holds(leases.Remove(((LeaseEvent.Removed)change).Node), "what goes has been there");
        }
    }

    // gRPC makes a failure of the call of what is no message.
    private static bool TryParse(byte[] message, bool isFirst, out RangeResponse? list, out WatchResponse? changes)
    {
        (list, changes) = (null, null);
        try
        {
            if (isFirst) list = RangeResponse.Parser.ParseFrom(message);
            else changes = WatchResponse.Parser.ParseFrom(message);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }
}
