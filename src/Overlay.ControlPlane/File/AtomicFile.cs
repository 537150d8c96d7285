namespace Overlay.ControlPlane;

/// <summary>Replaces a file so that a reader, and a power cut, find the old content or the new, never a part.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file under a name with a leading dot, which readers of the directory pass over; renames.</summary>
    /// <exception cref="IOException">The directory cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _ = Directory.CreateDirectory(directory);
        string temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.tmp");
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        // The name is the same every time, so what a failure here leaves behind is overwritten by the next try.
        File.Move(temporary, path, overwrite: true);
    }
}
