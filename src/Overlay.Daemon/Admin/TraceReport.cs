namespace Overlay.Daemon.Admin;

/// <summary>The report of <c>overlayctl trace</c>: the ways of a packet and of its answer through this node.</summary>
internal sealed record TraceReport(IReadOnlyList<TraceStepReport> There, IReadOnlyList<TraceStepReport> Back);

/// <summary>A step of a way; one that is not good ends it.</summary>
internal sealed record TraceStepReport(string Step, string Text, bool IsGood);
