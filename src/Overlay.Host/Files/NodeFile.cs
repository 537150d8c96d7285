namespace Overlay.Host.Files;

/// <summary>Files of the node that others write and remove at any moment.</summary>
public static class NodeFile
{
    /// <summary>Bytes that are read of a configuration of container runtimes: one that has more is none.</summary>
    public const int MostOfConfiguration = 1024 * 1024;

    /// <summary>The file's content; null where there is none, or none any more.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The number of bytes that are read.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static byte[]? TryRead(string path, int most = MostOfConfiguration)
    {
        try
        {
            return File.Exists(path) ? BoundedFile.ReadStart(path, most) : null;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
