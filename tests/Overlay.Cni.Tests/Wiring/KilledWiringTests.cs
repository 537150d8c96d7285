using System.Diagnostics;
using System.Net;
using Overlay.Cni.Protocol;
using Overlay.Host.Netlink;
using Overlay.Testing;

namespace Overlay.Cni.Tests;

/// <summary>The executable, ended without warning at any point of its work on a pod's interface.</summary>
public sealed class KilledWiringTests : IDisposable
{
    private const int Moments = 12;

    private readonly WiredNode _node = new();
    private readonly string _configuration;

    public KilledWiringTests() => _configuration = _node.Guard(() => _node.Configuration());

    public void Dispose() => _node.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whatever_a_killed_ADD_had_made_goes(bool byDelete)
    {
        TimeSpan duration = Measure("ADD");
        _node.Call("DEL", _configuration).ShouldBe((0, ""));
        for (int i = 0; i < Moments; i++) Kill("ADD", i, duration * (i + 1) / Moments);

        // A moment each at which there is something of every kind, however the time goes by.
        string record = Path.Combine(_node.Directory.Records, $"net:c1:eth{Moments}.json");
        Kill("ADD", Moments, () => File.Exists(record));
        int allocations = Allocations();
        Kill("ADD", Moments + 1, () => Allocations() > allocations);
        Kill("ADD", Moments + 2, () => IsLink(Moments + 2));
        _node.Left().ShouldNotBeEmpty();

        if (byDelete)
        {
            for (int i = 0; i < Moments + 3; i++) _node.Call("DEL", _configuration, 1, $"eth{i}").ShouldBe((0, ""));
        }
        else _node.Call("GC", _node.Configuration("\"cni.dev/valid-attachments\":[],")).ShouldBe((0, ""));

        _node.Left().ShouldBeEmpty();

        // No lock either.
        _node.Add(_configuration);
    }

    [Fact]
    public void A_killed_DEL_is_completed_by_the_next()
    {
        for (int i = 0; i < Moments; i++) _node.Add(_configuration, 1, $"eth{i}");
        TimeSpan duration = Measure("DEL");
        for (int i = 0; i < Moments; i++) Kill("DEL", i, duration * i / Moments);
        for (int i = 0; i < Moments; i++) _node.Call("DEL", _configuration, 1, $"eth{i}").ShouldBe((0, ""));
        _node.Left().ShouldBeEmpty();
    }

    private TimeSpan Measure(string command)
    {
        long start = Stopwatch.GetTimestamp();
        _node.Call(command, _configuration, 1, "eth0").ExitCode.ShouldBe(0);
        return Stopwatch.GetElapsedTime(start);
    }

    private void Kill(string command, int number, TimeSpan after)
    {
        long start = Stopwatch.GetTimestamp();
        Kill(command, number, () => Stopwatch.GetElapsedTime(start) >= after);
    }

    private void Kill(string command, int number, Func<bool> isTime)
    {
        using Process process = _node.Start(command, _configuration, 1, $"eth{number}");
        while (!isTime() && !process.HasExited) Thread.Yield();
        process.Kill();
        process.WaitForExit();
    }

    // By their names alone: a file may go while it is looked at.
    private int Allocations() => Directory.EnumerateFiles(Path.Combine(_node.Directory.Path, "net"))
        .Count(static path => IPAddress.TryParse(Path.GetFileName(path), out _));

    private bool IsLink(int number) => _node.Lab.Host.Invoke(() =>
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(HostInterface.NameOf("net", "c1", $"eth{number}")) is not null;
    });
}
