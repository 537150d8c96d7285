using System.Text;
using Overlay.Pods.Attachments;

namespace Overlay.Pods.Operations;

/// <summary>
/// The plugin's calls, a line each, for the daemon to count: the plugin is a process of milliseconds, and may run while no
/// daemon does. A file that is full gets the end <c>.1</c> to its name, and the one before is gone.
/// </summary>
/// <param name="directory">
/// That of the attachments' records; null or empty = <see cref="AttachmentRecords.DefaultDirectory"/>.
/// </param>
public sealed class OperationJournal(string? directory)
{
    /// <summary>Bytes at which a file is full: some 3,000 calls, far more than come between two looks of the daemon.</summary>
    public const int FullSize = 64 * 1024;

    private const string Name = "operations";

    // Plugins that run at once take turns, each for the time of a write.
    private const int MostTries = 20;

    private readonly string _directory =
        string.IsNullOrEmpty(directory) ? AttachmentRecords.DefaultDirectory : directory;

    /// <summary>The file that lines are added to.</summary>
    public string Path => System.IO.Path.Combine(_directory, Name);

    /// <summary>The file before it.</summary>
    public string FormerPath => Path + ".1";

    /// <summary>
    /// Adds a call. A journal that cannot be written, or not at once, lacks it: no pod waits for a count.
    /// </summary>
    public void Add(CniOperation operation)
    {
        byte[] line = Encoding.ASCII.GetBytes($"{operation}\n");
        for (int tries = 0; tries < MostTries; tries++)
        {
            try
            {
                Write(line);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                // No pod has been attached yet.
                return;
            }
            catch (IOException)
            {
                Thread.Sleep(1);
            }
            catch (UnauthorizedAccessException)
            {
                return;
            }
        }
    }

    private void Write(byte[] line)
    {
        using FileStream file = new(Path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        });
        _ = file.Seek(0, SeekOrigin.End);
        file.Write(line);
        if (file.Length < FullSize) return;
        try
        {
            File.Move(Path, FormerPath, overwrite: true);
        }
        catch (IOException)
        {
            // The next call makes room. This one is written.
        }
    }
}
