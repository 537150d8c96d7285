namespace Overlay.Daemon.Admin;

/// <summary>The least level that is logged, by Serilog's name.</summary>
internal sealed record LogLevelReport(string Level);
