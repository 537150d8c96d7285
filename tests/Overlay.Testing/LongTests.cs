namespace Overlay.Testing;

/// <summary>Tests that go on for longer where somebody asks for it: <c>LONG_TESTS=1</c>.</summary>
public static class LongTests
{
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    /// <summary>Rounds of a random test: four times the usual ones in a long run.</summary>
    public static int Rounds(int usual) => AreWanted ? 4 * usual : usual;
}
