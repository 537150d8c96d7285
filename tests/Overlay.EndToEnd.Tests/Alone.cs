namespace Overlay.EndToEnd.Tests;

/// <summary>
/// Classes that bound a time, or count every packet beside a start: they run behind all others, one after the other,
/// with no lab beside theirs.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
