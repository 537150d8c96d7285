using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Admin;

/// <summary>
/// Leaves the admin socket to its owner alone, root or the daemon's user, as soon as Kestrel has made it.
/// </summary>
internal sealed class AdminSocketGuard(OverlayOptions options) : LifecycleService
{
    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        File.SetUnixFileMode(options.AdminSocket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return Task.CompletedTask;
    }
}
