namespace Overlay.Host.Files;

/// <summary>Replaces a file so that a reader, and a power cut, find the old content or the new, never a part.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the file under a name with a leading dot, which readers of the directory pass over; renames.</summary>
    /// <param name="path">The file; its directory is made when missing.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">The file's permissions; null for what the process gives its files.</param>
    /// <exception cref="IOException">The directory cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _ = Directory.CreateDirectory(directory);
        string temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.tmp");
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        if (mode is { } permissions) File.SetUnixFileMode(temporary, permissions);

        // The name is the same every time, so what a failure here leaves behind is overwritten by the next try.
        File.Move(temporary, path, overwrite: true);
    }
}
