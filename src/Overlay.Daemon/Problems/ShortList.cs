namespace Overlay.Daemon.Problems;

/// <summary>Bounds findings of one kind: a host may have thousands, and a few show what is wrong.</summary>
internal static class ShortList
{
    private const int MostShown = 8;

    /// <summary>The first sentences, and one for all others.</summary>
    /// <param name="sentences">Each names one finding.</param>
    /// <param name="others">The sentence that stands for the others.</param>
    public static string[] Of(IEnumerable<string> sentences, string others)
    {
        string[] first = [.. sentences.Take(MostShown + 1)];
        return first.Length <= MostShown ? first : [.. first[..MostShown], others];
    }
}
