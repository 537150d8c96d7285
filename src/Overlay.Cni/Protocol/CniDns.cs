namespace Overlay.Cni.Protocol;

/// <summary>Name resolution, as resolv.conf has it.</summary>
internal sealed record CniDns(
    IReadOnlyList<string> Nameservers, string Domain, IReadOnlyList<string> Search, IReadOnlyList<string> Options)
{
    public static CniDns None { get; } = new([], "", [], []);
}
