using Overlay.Host.Files;

namespace Overlay.Cni.Commands;

/// <summary>
/// When a STATUS has last found the daemon, told to the next by an empty file's time. An update replaces the daemon in
/// seconds; a runtime that hears of it calls the whole node not ready, and pods are driven away.
/// </summary>
/// <param name="subnetFile">The file lies beside it, where a restart of the machine empties all.</param>
internal sealed class DaemonSighting(string subnetFile)
{
    // Runtimes ask every few seconds.
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    /// <summary>How long a daemon that was there may be away.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _path = Path.Combine(Path.GetDirectoryName(subnetFile) ?? "", NodePaths.SightingFile);

    /// <summary>The daemon was there a moment ago.</summary>
    public bool IsRecent => Age() is { } age && age <= Patience;

    /// <summary>The daemon is there.</summary>
    public void Renew()
    {
        if (Age() is { } age && age < _interval) return;
        try
        {
            File.WriteAllBytes(_path, []);
            File.SetLastWriteTimeUtc(_path, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without it there is no patience, and that is all.
        }
    }

    // A time to come is that of another clock.
    private TimeSpan? Age()
    {
        if (!File.Exists(_path)) return null;
        TimeSpan age = DateTime.UtcNow - File.GetLastWriteTimeUtc(_path);
        return age >= TimeSpan.Zero ? age : null;
    }
}
