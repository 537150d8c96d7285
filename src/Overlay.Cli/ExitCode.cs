namespace Overlay.Cli;

/// <summary>How overlayctl ends, for scripts.</summary>
internal static class ExitCode
{
    /// <summary>Done, or the answer is good.</summary>
    public const int Success = 0;

    /// <summary>The answer is not good, or could not be had in full.</summary>
    public const int Failure = 1;

    /// <summary>The command line is not understood.</summary>
    public const int Usage = 2;

    /// <summary>No daemon could be asked: none is there, or it may not be asked, or it is too old for the question.</summary>
    public const int NoDaemon = 3;

    /// <summary>Warnings, and nothing worse.</summary>
    public const int Warnings = 4;
}
