namespace Overlay.Testing;

/// <summary>Tests that go on for longer where somebody asks for it: <c>LONG_TESTS=1</c>.</summary>
public static class LongTests
{
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";
}
