using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Leases;

/// <summary>A lease as JSON; what is read is written, read again and judged.</summary>
internal static class LeaseFileReading
{
    private static readonly LeaseRules _rules = new(
        new Lease
        {
            Node = "own",
            Subnet = IpPrefix.Parse("10.244.1.0/24"),
            SubnetV6 = IpPrefix.Parse("fd00:10:244:1::/64"),
            PublicIp = IpAddress.Parse("192.168.77.1"),
            PublicIpV6 = IpAddress.Parse("fd77::1"),
            BackendData = new VtepData(new Vni(1), MacAddress.Parse("02:00:00:00:00:01")),
            BackendV6Data = new VtepData(new Vni(1), MacAddress.Parse("02:00:00:00:06:01")),
        },
        new AddressPlan
        {
            ClusterCidr = IpPrefix.Parse("10.244.0.0/16"),
            ClusterCidrV6 = IpPrefix.Parse("fd00:10:244::/48"),
        });

    public static void Run(ReadOnlySpan<byte> json)
    {
        bool isRead = LeaseJson.TryParse("b", json, out Lease? lease, out string? error);
        Invariant.Holds(isRead == error is null && isRead == lease is not null, "a lease is read, or refused");
        if (isRead) Check(lease!);
        else Sentence.Check(error);
    }

    /// <summary>
    /// A lease that was read somehow: it is the same when it is written and read, and it can be judged.
    /// </summary>
    public static void Check(Lease lease)
    {
        Invariant.Holds(
            LeaseJson.TryParse(lease.Node, LeaseJson.Format(lease), out Lease? again, out string? error),
            $"a lease that is written can be read: {error}");
        Invariant.Holds(again == lease, $"a lease that is written is read as it was: {again} for {lease}");
        PeerLease peer = _rules.Check(lease);
        if (peer.Verdict != LeaseVerdict.Accepted) Sentence.Check(peer.Reason);
    }
}
