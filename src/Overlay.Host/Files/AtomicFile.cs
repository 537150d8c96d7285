namespace Overlay.Host.Files;

/// <summary>Replaces a file by rename: a reader finds the old content or the new, never a part.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Replaces a file so that a power cut, too, leaves the old content or the new. The draft lies beside the file
    /// under a name with a leading dot, which readers of the directory pass over.
    /// </summary>
    /// <param name="path">The file; its directory is made when missing.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">The file's permissions; null for those that the process gives its files.</param>
    /// <exception cref="IOException">The directory cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _ = Directory.CreateDirectory(directory);
        Replace(path, Path.Combine(directory, $".{Path.GetFileName(path)}.tmp"), content, mode, waitsForDisk: true);
    }

    /// <summary>
    /// Replaces a file without a wait for the disk, for files that a restart of the machine makes void anyway.
    /// </summary>
    /// <param name="path">The file; its directory exists.</param>
    /// <param name="draft">
    /// The name until the content is whole. The caller removes the drafts of writers that were killed.
    /// </param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">The file's permissions; null for those that the process gives its files.</param>
    /// <exception cref="IOException">The directory cannot be written; no draft stays.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public static void Replace(string path, string draft, ReadOnlySpan<byte> content, UnixFileMode? mode = null) =>
        Replace(path, draft, content, mode, waitsForDisk: false);

    private static void Replace(
        string path, string draft, ReadOnlySpan<byte> content, UnixFileMode? mode, bool waitsForDisk)
    {
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = 0,
            };

            // From the start: between the creation and a change of mode others could open it.
            if (mode is { } created) options.UnixCreateMode = created;
            using (FileStream stream = new(draft, options))
            {
                stream.Write(content);
                stream.Flush(waitsForDisk);

                // The process's umask has cut the mode.
                if (mode is { } permissions) File.SetUnixFileMode(stream.SafeFileHandle, permissions);
            }

            File.Move(draft, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // On a disk that is full the draft would take the room that others need.
            if (File.Exists(draft)) File.Delete(draft);
            throw;
        }
    }
}
