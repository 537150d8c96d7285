using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tiers;

/// <summary>The tier that forwards pods' packets now.</summary>
/// <param name="Tier"><see cref="Options.Tier.UserSpace"/> or <see cref="Options.Tier.Ebpf"/>.</param>
/// <param name="Reason">Why it is not the kernel, or what the kernel does without; empty where there is nothing to say.</param>
internal readonly record struct TierUse(Tier Tier, string Reason);
