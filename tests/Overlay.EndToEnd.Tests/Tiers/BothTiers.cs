namespace Overlay.EndToEnd.Tests.Tiers;

/// <summary>
/// Tests of the path of packets, which tests/run.sh runs once more with LAB_TIER=Ebpf: all daemons forward by the kernel then.
/// </summary>
internal static class BothTiers
{
    public const string Name = "BothTiers";

    public const string Yes = "yes";
}
