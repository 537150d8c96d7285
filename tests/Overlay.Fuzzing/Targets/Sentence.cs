namespace Overlay.Fuzzing.Targets;

/// <summary>The rules of an error for people: one line of text that a log and a terminal can show.</summary>
internal static class Sentence
{
    // An error shows the value in question, cut short, and an example.
    private const int Longest = 2000;

    /// <exception cref="BrokenInvariantException">It is none.</exception>
    public static void Check(string? text)
    {
        Invariant.Holds(!string.IsNullOrWhiteSpace(text), "what is refused is refused with a reason");
        Invariant.Holds(text.Length <= Longest, $"an error is short, and not of {text.Length} characters");
        Invariant.Holds(!text.Any(char.IsControl), $"an error is one line without control characters: {text}");
    }
}
