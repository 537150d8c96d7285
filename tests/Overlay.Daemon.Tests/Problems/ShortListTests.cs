using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Tests;

public sealed class ShortListTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public void Few_sentences_are_all_shown(int count)
    {
        string[] sentences = [.. Enumerable.Range(0, count).Select(static i => $"fault {i}")];
        ShortList.Of(sentences, "others").ShouldBe(sentences);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(5000)]
    public void Many_sentences_are_the_first_eight_and_one_for_the_others(int count) =>
        ShortList.Of(Enumerable.Range(0, count).Select(static i => $"fault {i}"), "others").ShouldBe(
        [
            .. Enumerable.Range(0, 8).Select(static i => $"fault {i}"), "others",
        ]);
}
