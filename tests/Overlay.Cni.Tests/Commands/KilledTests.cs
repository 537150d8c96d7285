using System.Diagnostics;

namespace Overlay.Cni.Tests;

/// <summary>The executable, ended without warning at any point of ADD.</summary>
public sealed class KilledTests : IDisposable
{
    private readonly PluginDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Whatever_an_ADD_had_done_when_it_was_killed_DEL_or_GC_removes()
    {
        Random random = new(7);
        int longest = 1;
        for (int i = 0; i < 24; i++)
        {
            Stopwatch lived = Stopwatch.StartNew();
            using Process process = Start($"c{i}");
            bool ended = i > 0 && process.WaitForExit(random.Next(longest));
            if (i == 0) process.WaitForExit();
            else if (!ended) process.Kill();
            process.WaitForExit();
            longest = Math.Max(longest, (int)lived.ElapsedMilliseconds);
            if (i % 2 == 0) Plugin.Run("DEL", Configuration(), id: $"c{i}").ShouldBe((0, ""));
        }

        Plugin.Run("GC", Configuration("\"cni.dev/valid-attachments\":[],")).ShouldBe((0, ""));
        Plugin.Run("DEL", Configuration(), id: "none").ShouldBe((0, ""));
        _directory.Allocations("net").ShouldBeEmpty();
        _directory.RecordFiles().ShouldBeEmpty();
    }

    private Process Start(string id)
    {
        ProcessStartInfo start = new(Plugin.Path) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string key, string value) in new[] { ("COMMAND", "ADD"), ("CONTAINERID", id),
            ("NETNS", "/run/netns/overlay-test-none"), ("IFNAME", "eth0") })
            start.Environment[$"CNI_{key}"] = value;
        Process process = Process.Start(start)!;
        process.StandardInput.Write(Configuration());
        process.StandardInput.Close();
        return process;
    }

    private string Configuration(string keys = "") =>
        $$$"""{{{{_directory.Keys}}}{{{keys}}}"cniVersion":"1.1.0","name":"net","type":"overlay","ipam":{"type":"host-local","dataDir":"{{{_directory.Path}}}","ranges":[[{"subnet":"10.1.0.0/24"}]]} }""";
}
