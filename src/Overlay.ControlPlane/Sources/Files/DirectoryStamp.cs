namespace Overlay.ControlPlane.Sources.Files;

/// <summary>Tells cheaply whether a directory is another one than before, or had an entry made, renamed or deleted.</summary>
/// <param name="Path">Where it is, links followed; null when it is not there.</param>
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
            return directory.Exists ? new(directory.FullName, directory.CreationTimeUtc, directory.LastWriteTimeUtc) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As good as not there; the scan meets the same error and names it.
            return default;
        }
    }
}
