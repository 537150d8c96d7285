namespace Overlay.Host.Files;

/// <summary>Files of the node that others write and remove at any moment.</summary>
public static class NodeFile
{
    /// <summary>The file's content; null where there is none, or none any more.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static byte[]? TryRead(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
