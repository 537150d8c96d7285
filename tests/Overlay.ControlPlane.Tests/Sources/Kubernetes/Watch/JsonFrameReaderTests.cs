using System.Text;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;

namespace Overlay.ControlPlane.Tests;

public class JsonFrameReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public async Task A_watch_is_cut_into_its_events_however_it_arrives(int chunk) =>
        (await CutAsync(Recording.Bytes("watch-with-bookmarks.jsonl"), chunk, isList: false))
            .Select(static frame => frame.Json)
            .ShouldBe(Recording.Lines("watch-with-bookmarks.jsonl"));

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1_000_000)]
    public async Task A_list_is_cut_into_its_metadata_and_items(int chunk)
    {
        IReadOnlyList<(string Member, string Json)> frames =
            await CutAsync(Recording.Bytes("nodes-list-page1.json"), chunk, isList: true);
        frames.Select(static frame => frame.Member).ShouldBe(["metadata", "items"]);
        NodeParser parser = new(SampleNodes.Keys);
        parser.ReadMetadata(Encoding.UTF8.GetBytes(frames[0].Json))!.Continue.ShouldStartWith("eyJ2");
        parser.ReadObject(Encoding.UTF8.GetBytes(frames[1].Json))!.Name.ShouldBe("node-a");
    }

    [Theory]
    [InlineData("services/services-list.json", 6)]
    [InlineData("policy/networkpolicies-list.json", 0)]
    public async Task Lists_of_other_kinds_are_cut_the_same_way(string name, int items)
    {
        IReadOnlyList<(string Member, string Json)> frames =
            await CutAsync(Recording.Bytes(name), 1000, isList: true);
        frames.Count(static frame => frame.Member == "metadata").ShouldBe(1);
        frames.Count(static frame => frame.Member == "items").ShouldBe(items);
    }

    [Theory]
    [InlineData("services/services-watch-scenario.jsonl")]
    [InlineData("policy/networkpolicies-watch-scenario.jsonl")]
    [InlineData("nodes-watch-scenario.jsonl")]
    public async Task Watches_of_other_kinds_are_cut_the_same_way(string name) =>
        (await CutAsync(Recording.Bytes(name), 1000, isList: false)).Select(static frame => frame.Json)
            .ShouldBe(Recording.Lines(name));

    [Fact]
    public async Task An_object_larger_than_the_buffer_is_read_whole()
    {
        string large = $$$"""{"type":"ADDED","object":{"x":"{{{new string('x', 1_000_000)}}}"}}""";
        (await CutAsync(Encoding.UTF8.GetBytes(large + "\n" + large), 60_000, isList: false))
            .Select(static frame => frame.Json).ShouldBe([large, large]);
    }

    [Fact]
    public async Task What_is_no_JSON_is_said_to_be()
    {
        InvalidDataException exception =
            await Should.ThrowAsync<InvalidDataException>(() => CutAsync("<html>"u8.ToArray(), 100, isList: false));
        exception.Message.ShouldContain("no JSON");
    }

    [Fact]
    public async Task An_object_without_end_is_not_held_for_ever()
    {
        byte[] endless = Encoding.UTF8.GetBytes("{\"x\":\"" + new string('x', 33_000_000));
        InvalidDataException exception =
            await Should.ThrowAsync<InvalidDataException>(() => CutAsync(endless, 1_000_000, isList: false));
        exception.Message.ShouldContain("more than 16777216 bytes");
    }

    [Fact]
    public async Task The_longest_object_is_read_and_one_that_is_a_byte_longer_is_refused()
    {
        string longest = "{\"x\":\"".PadRight((16 * 1024 * 1024) - 2, 'x') + "\"}";
        (await CutAsync(Encoding.UTF8.GetBytes(longest), 8_000_000, isList: false))
            .ShouldHaveSingleItem().Json.Length.ShouldBe(longest.Length);
        byte[] longer = Encoding.UTF8.GetBytes(longest.Replace("\"}", "x\"}", StringComparison.Ordinal));
        (await Should.ThrowAsync<InvalidDataException>(() => CutAsync(longer, 8_000_000, isList: false)))
            .Message.ShouldBe("sends an object of more than 16777216 bytes");
    }

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    public async Task An_object_has_256_levels_at_most(int levels)
    {
        string nested = "{\"x\":" + new string('[', levels - 1) + new string(']', levels - 1) + "}";
        Task<IReadOnlyList<(string, string)>> cutting = CutAsync(Encoding.UTF8.GetBytes(nested), 1000, isList: false);
        if (levels == 256) (await cutting).ShouldHaveSingleItem();
        else
            (await Should.ThrowAsync<InvalidDataException>(() => cutting)).Message
                .ShouldContain("maximum configured depth");
    }

    private static async Task<IReadOnlyList<(string Member, string Json)>> CutAsync(byte[] text, int chunk, bool isList)
    {
        using JsonFrameReader reader =
            new(new ApiStream(new(), new ChunkedStream(text, chunk), TimeSpan.FromSeconds(30), default), isList);
        List<(string, string)> frames = [];
        while (await reader.FillAsync())
        {
            while (reader.TryRead(out JsonFrame frame))
                frames.Add((frame.Member, Encoding.UTF8.GetString(frame.Json.Span)));
        }

        reader.IsComplete.ShouldBe(isList);
        return frames;
    }

    private sealed class ChunkedStream(byte[] text, int chunk) : MemoryStream(text)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
