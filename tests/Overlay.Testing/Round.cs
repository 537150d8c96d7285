namespace Overlay.Testing;

/// <summary>A round of a random test: a failure names it, and a round that passes makes no text.</summary>
public static class Round
{
    /// <param name="name">The seed and the number that repeat the round; asked on a failure alone.</param>
    /// <param name="check">The round.</param>
    public static void Check(Func<string> name, Action check)
    {
        try
        {
            check();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{name()}: {exception.Message}", exception);
        }
    }
}
