namespace Overlay.Daemon.Options;

/// <summary>One key of the configuration, as docs/configuration.md lists it.</summary>
/// <param name="Path">With all sections: <c>Overlay:Network:Vni</c>.</param>
/// <param name="Type">Which values the key takes.</param>
/// <param name="Default">The value of a key that is missing; empty for none.</param>
/// <param name="Example">A value that is right.</param>
/// <param name="Meaning">What the key is for, in one or two sentences.</param>
internal sealed record ConfigurationKey(string Path, string Type, string Default, string Example, string Meaning);
