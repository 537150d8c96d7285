using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>A kernel that refuses system calls of a daemon, played by strace, until it is disposed.</summary>
internal sealed class RefusingKernel : IDisposable
{
    private readonly BackgroundProcess _strace;

    /// <param name="node">The daemon's.</param>
    /// <param name="daemon">Each of its threads is traced.</param>
    /// <param name="call">The call's name, as in writev.</param>
    /// <param name="refusal">As strace's inject has it: error=EINVAL, and when=FIRST+STEP for some of the calls.</param>
    public RefusingKernel(Node node, DaemonProcess daemon, string call, string refusal)
    {
        _strace = node.Start(
            "strace", "-f", "-e", $"trace={call}", "-e", $"inject={call}:{refusal}", "-o", "/dev/null", "-p",
            $"{daemon.Pid}");
        _strace.WaitForLog("attached");
    }

    public void Dispose() => _ = _strace.Stop();
}
