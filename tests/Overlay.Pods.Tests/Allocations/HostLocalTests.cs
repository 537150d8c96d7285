using System.Diagnostics;
using System.Text.Json;
using Overlay.Pods.Allocations;
using Overlay.Pods.Ranges;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

/// <summary>Our IPAM and Debian's host-local, in turns on one directory.</summary>
public sealed class HostLocalTests : IDisposable
{
    private const string Plugin = "/usr/lib/cni/host-local";

    private static readonly RangeSet[] _sets =
    [
        new([new(IpPrefix.Parse("10.1.0.0/29")), new(IpPrefix.Parse(
            "10.2.0.0/24"), IpAddress.Parse("10.2.0.8"), IpAddress.Parse("10.2.0.12"), IpAddress.Parse("10.2.0.10"))]),
        new([new(IpPrefix.Parse("fd00:1::/64"))]),
    ];

    private readonly TempDirectory _shared = new();
    private readonly TempDirectory _reference = new();

    public void Dispose()
    {
        _shared.Dispose();
        _reference.Dispose();
    }

    [Fact]
    public void In_turns_the_two_give_what_host_local_alone_gives()
    {
        Random random = new(5);
        AddressStore store = new(_shared.Path, "net");
        AddressAllocator allocator = new(store, _sets);
        List<string> live = [];
        for (int step = 0; step < 60; step++)
        {
            bool ours = random.Next(2) == 0;
            if (live.Count == 8 || (live.Count > 0 && random.Next(3) == 0))
            {
                string gone = live[random.Next(live.Count)];
                _ = live.Remove(gone);
                _ = HostLocal("DEL", gone, _reference.Path);
                if (ours) AddressAllocator.Release(store, gone, "eth0");
                else _ = HostLocal("DEL", gone, _shared.Path);
                continue;
            }

            string id = $"pod{step}";
            live.Add(id);
            string[] given = ours
                ? [.. allocator.Allocate(id, "eth0", [])
                    .Select(static address => $"{address.Address}/{address.PrefixLength} {address.Gateway}")]
                : HostLocal("ADD", id, _shared.Path);
            given.ShouldBe(HostLocal("ADD", id, _reference.Path), $"step {step}");
        }

        Contents(_shared.Path).ShouldBe(Contents(_reference.Path));
    }

    [Fact]
    public async Task At_once_the_two_never_give_one_address_twice()
    {
        AddressAllocator allocator = new(new(_shared.Path, "net"), [new([new(IpPrefix.Parse("10.2.0.0/24"))])]);
        Task<string[]> theirs = Task.Run(() => Enumerable.Range(0, 40)
            .Select(i => HostLocal("ADD", $"theirs{i}", _shared.Path, "[[{\"subnet\":\"10.2.0.0/24\"}]]")[0]
            .Split('/')[0]).ToArray());
        Task<string[]> ours = Task.Run(() => Enumerable.Range(0, 120)
            .Select(i => allocator.Allocate($"ours{i}", "eth0", [])[0].Address.ToString()).ToArray());
        string[] all = [.. await theirs, .. await ours];
        all.Distinct().Count().ShouldBe(160);
        new AddressStore(_shared.Path, "net").Holders().Count.ShouldBe(160);
    }

    private static string[] HostLocal(string command, string id, string directory, string? ranges = null)
    {
        ranges ??= """[[{"subnet":"10.1.0.0/29"},{"subnet":"10.2.0.0/24","rangeStart":"10.2.0.8","rangeEnd":"10.2.0.12","gateway":"10.2.0.10"}],[{"subnet":"fd00:1::/64"}]]""";
        ProcessStartInfo start = new(Plugin) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["CNI_COMMAND"] = command;
        start.Environment["CNI_CONTAINERID"] = id;
        start.Environment["CNI_NETNS"] = "/run/netns/none";
        start.Environment["CNI_IFNAME"] = "eth0";
        start.Environment["CNI_PATH"] = "/usr/lib/cni";
        using Process process = Process.Start(start)!;
        process.StandardInput.Write($$$"""{"cniVersion":"1.0.0","name":"net","ipam":{"type":"host-local","dataDir":"{{{directory}}}","ranges":{{{ranges}}} } }""");
        process.StandardInput.Close();
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, answer);
        if (command == "DEL") return [];
        using JsonDocument document = JsonDocument.Parse(answer);
        return [.. document.RootElement.GetProperty("ips").EnumerateArray()
            .Select(static ip => $"{ip.GetProperty("address").GetString()} {ip.GetProperty("gateway").GetString()}")];
    }

    private static Dictionary<string, string> Contents(string directory) =>
        Directory.GetFiles(Path.Combine(directory, "net")).Order(StringComparer.Ordinal)
            .ToDictionary(static path => Path.GetFileName(path), File.ReadAllText);
}
