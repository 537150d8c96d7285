namespace Overlay.Daemon.Options;

/// <summary>A value in force.</summary>
/// <param name="Key">With all sections: <c>Overlay:Network:Vni</c>.</param>
/// <param name="Value">The value as text; a secret as <c>***</c>.</param>
/// <param name="Source">A file's path, environment, command line, store or default.</param>
internal sealed record ConfigurationValue(string Key, string Value, string Source);
