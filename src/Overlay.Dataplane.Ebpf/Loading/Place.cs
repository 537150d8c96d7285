namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>Where a program is attached, and how it is found again.</summary>
/// <param name="LinkIndex">Interface index in the calling thread's network namespace.</param>
/// <param name="Hook">Which of the device's hooks.</param>
/// <param name="Handle">Tells filters of this program's kind on one hook apart, not 0; links need none.</param>
/// <param name="Pin">
/// A path of a bpffs for a link, or null for one that ends with this process; filters need none.
/// </param>
public sealed record Place(int LinkIndex, Hook Hook, uint Handle, string? Pin = null)
{
    public override string ToString() => $"{Hook} of device {LinkIndex}";
}
