namespace Overlay.Daemon.Lifecycle;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The data plane died, or something it needs could not be made.</summary>
    public const int Failure = 1;

    /// <summary>Bad configuration: EX_CONFIG of sysexits.h. Restarting does not help.</summary>
    public const int Configuration = 78;
}
