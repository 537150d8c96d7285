namespace Overlay.Daemon.Tracing;

/// <summary>A step of a packet's way through this node.</summary>
/// <param name="Step">The part of the way: source, route, peer, mtu, outer, underlay, verdict and the like.</param>
/// <param name="Text">What happens there, and why.</param>
/// <param name="IsGood">The packet goes on, or has arrived.</param>
internal sealed record TraceStep(string Step, string Text, bool IsGood = true);
