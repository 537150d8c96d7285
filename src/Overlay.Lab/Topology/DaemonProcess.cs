using Overlay.Lab.Processes;

namespace Overlay.Lab.Topology;

/// <summary>One running overlayd.</summary>
public sealed class DaemonProcess : BackgroundProcess
{
    private readonly string _socket;

    internal DaemonProcess(string networkNamespace, string logFile, string socket, IEnumerable<string> arguments)
        : base(networkNamespace, logFile, ProductBinary.Find("overlayd"), arguments, ProductBinary.Environment) =>
        _socket = socket;

    /// <summary>Waits until the status on its admin socket says that it forwards.</summary>
    public void WaitReady(TimeSpan? limit = null) =>
        WaitUntil(IsForwarding, "said on its admin socket that it forwards", limit);

    private bool IsForwarding() =>
        AdminSocket.TryGet(_socket, "v1/status")?.Contains("\"forwarding\"", StringComparison.Ordinal) == true;
}
