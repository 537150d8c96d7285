namespace Overlay.ControlPlane.Sources.Files;

/// <summary>Tells cheaply whether a file is as it was when it was read.</summary>
/// <param name="Written">Time of its last change.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FileStamp(DateTime Written, long Length)
{
    // A file that is written again in the same tick of its clock looks the same; a file server's clock is its own.
    private static readonly TimeSpan _doubt = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The stamp; null for what is no plain file, and for one that was written too lately to tell by.
    /// </summary>
    public static FileStamp? Of(string path, DateTime utcNow)
    {
        try
        {
            FileInfo file = new(path);
            bool isPlain = file.Exists
                && (file.Attributes & (FileAttributes.ReparsePoint | FileAttributes.Directory | FileAttributes.Device)) == 0;
            return isPlain && (utcNow - file.LastWriteTimeUtc).Duration() > _doubt
                ? new(file.LastWriteTimeUtc, file.Length)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Reading it meets the same error and names it.
            return null;
        }
    }
}

/// <summary>
/// Tells cheaply whether a directory is another one than before, or had an entry made, renamed or deleted.
/// </summary>
/// <param name="Path">The path, links followed; null when there is no directory.</param>
/// <param name="Created">Birth time, where the file system keeps it.</param>
/// <param name="Written">Time of the last change of an entry.</param>
internal readonly record struct DirectoryStamp(string? Path, DateTime Created, DateTime Written)
{
    public bool IsSameDirectory(DirectoryStamp other) => Path == other.Path && Created == other.Created;

    public static DirectoryStamp Of(string path)
    {
        try
        {
            DirectoryInfo directory = new(path);
            if (directory.LinkTarget is not null && directory.ResolveLinkTarget(returnFinalTarget: true) is { } target)
                directory = new(target.FullName);
            return directory.Exists
                ? new(directory.FullName, directory.CreationTimeUtc, directory.LastWriteTimeUtc)
                : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As good as not there; the scan meets the same error and names it.
            return default;
        }
    }
}
