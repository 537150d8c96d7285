using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>A capture by overlayctl on a node, which runs beside the test.</summary>
internal sealed class CaptureRun
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    private readonly BackgroundProcess _process;

    /// <summary>Starts it; returns once packets are captured.</summary>
    public CaptureRun(Node node, params IEnumerable<string> arguments)
    {
        _process = node.Start(
            ProductBinary.Find("overlayctl"), ["--socket", node.Socket, "capture", .. arguments]);
        _process.WaitForLog("capturing ");
    }

    public int Pid => _process.Pid;

    /// <summary>Its lines so far, without the first, which says that it has begun.</summary>
    public IReadOnlyList<string> Lines => [.. _process.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];

    /// <summary>Waits for that many lines.</summary>
    public void WaitForLines(int count) => _process.WaitUntil(() => Lines.Count >= count, $"written {count} lines", _limit);

    /// <summary>Waits until it ends by itself; its lines, the last of which is the summary.</summary>
    public IReadOnlyList<string> WaitForEnd()
    {
        _process.WaitForExit(_limit).ShouldBeTrue(_process.Log);
        _process.ExitCode.ShouldBe(0, _process.Log);
        return Lines;
    }

    /// <summary>Ends it as a user does; its lines, the last of which is the summary.</summary>
    public IReadOnlyList<string> Stop()
    {
        _process.Stop(_limit).ShouldBe(0, _process.Log);
        return Lines;
    }

    /// <summary>Ends it as nobody can prepare for.</summary>
    public void Kill() => _process.Kill();
}
