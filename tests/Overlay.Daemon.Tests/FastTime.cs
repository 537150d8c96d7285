namespace Overlay.Daemon.Tests;

/// <summary>A clock by which a minute takes six tenths of a second.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Factor = 100;

    public override long GetTimestamp() => System.GetTimestamp() * Factor;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : dueTime / Factor, period);
}
