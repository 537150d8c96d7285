namespace Overlay.Daemon.Hosting;

/// <summary>Whether this process writes to systemd's journal (JOURNAL_STREAM of systemd.exec(5)).</summary>
internal static class JournalStream
{
    /// <summary>
    /// Standard output is the journal's socket. The variable alone is inherited by programs with another output.
    /// </summary>
    public static bool IsStandardOutput() =>
        IsJournal(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), new FileInfo("/proc/self/fd/1").LinkTarget);

    /// <param name="variable">
    /// Device and inode of the journal's socket: <c>8:12345</c>; null where there is none.
    /// </param>
    /// <param name="output">The output as /proc names it: <c>socket:[12345]</c>.</param>
    internal static bool IsJournal(string? variable, string? output) =>
        variable?.Split(':') is [_, { Length: > 0 } inode] && output == $"socket:[{inode}]";
}
