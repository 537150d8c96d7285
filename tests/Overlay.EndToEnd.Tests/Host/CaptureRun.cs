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
        : this(ProductBinary.Find("overlayctl"), node, arguments)
    {
    }

    private CaptureRun(string program, Node node, IEnumerable<string> arguments)
    {
        _process = node.Start(program, ["--socket", node.Socket, "capture", .. arguments]);
        _process.WaitForLog("capturing ");
    }

    /// <summary>The same by another build of overlayctl.</summary>
    public static CaptureRun By(string program, Node node, params IEnumerable<string> arguments) =>
        new(program, node, arguments);

    public int Pid => _process.Pid;

    /// <summary>Its lines so far behind the first, which says that it has begun.</summary>
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
