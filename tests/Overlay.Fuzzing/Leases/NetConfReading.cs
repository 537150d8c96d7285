using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Leases;

/// <summary>
/// net-conf.json, by both of its readers: one hands out subnets, the other leaves them to Kubernetes.
/// </summary>
internal static class NetConfReading
{
    public static void Run(ReadOnlySpan<byte> json)
    {
        bool isRead = NetConf.TryParse(json, out NetworkSettings? settings, out string? error);
        if (isRead) Check(settings!);
        else Sentence.Check(error);

        bool isReadWithout = NetConf.TryParseWithoutSubnets(json, out NetworkSettings? without, out error);
        if (!isReadWithout) Sentence.Check(error);
        Invariant.Holds(isReadWithout || !isRead, "what hands out subnets can be read without them");
        if (isRead)
            Invariant.Holds(
                without!.Vni == settings!.Vni && without.Cidr == settings.Cidr, "both readers read the same");
    }

    private static void Check(NetworkSettings settings)
    {
        Invariant.Holds(settings.Port > 0);
        Check(settings.Cidr, settings.SubnetMin, settings.SubnetMax, settings.SubnetLength);
        Check(settings.CidrV6, settings.SubnetMinV6, settings.SubnetMaxV6, settings.SubnetLengthV6);
    }

    private static void Check(IpPrefix? network, IpPrefix? min, IpPrefix? max, int length)
    {
        if (network is not { } all) return;
        Invariant.Holds(
            min is { } first && all.Contains(first) && first.Length == length, "the first subnet is inside");
        Invariant.Holds(max is { } last && all.Contains(last) && last.Length == length, "the last subnet is inside");
        Invariant.Holds(min!.Value.Address.Value <= max!.Value.Address.Value, "subnets are in their order");
    }
}
