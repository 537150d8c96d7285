namespace Overlay.Dataplane.Ebpf.Probing;

/// <summary>Parts of the tier that the kernel has, found out by trying.</summary>
/// <param name="IsUsable">The tier can be on.</param>
/// <param name="Reason">Why it cannot, a sentence for people; null where it can.</param>
/// <param name="HasTcx">
/// Programs are attached by links, which survive this process where they are pinned (Linux 6.6).
/// </param>
/// <param name="HasDirectEgress">
/// Headers can be put in front by a program (Linux 5.13); else all packets leave by the vxlan device.
/// </param>
/// <param name="HasInnerFamilies">A program can take IPv6 out of IPv4 and the other way round (Linux 6.3).</param>
/// <param name="HasTunnelDecapsulation">
/// A program can take the tunnel off a super-packet (later than Linux 6.18).
/// </param>
public sealed record ProbeResult(
    bool IsUsable, string? Reason, bool HasTcx = false, bool HasDirectEgress = false, bool HasInnerFamilies = false,
    bool HasTunnelDecapsulation = false)
{
    /// <summary>The sentence about what the tier does without; empty where the kernel has everything.</summary>
    public string Shortcomings
    {
        get
        {
            List<string> missing = [];
            if (!IsUsable) return Reason ?? "";
            if (!HasTcx) missing.Add("programs are filters of clsact, as the kernel has no TCX links (Linux 6.6)");
            if (!HasDirectEgress)
                missing.Add("all packets leave by the vxlan device, as bpf_skb_adjust_room refuses (Linux 5.13)");
            return string.Join("; ", missing);
        }
    }

    internal static ProbeResult Unusable(string reason) => new(false, reason);
}
