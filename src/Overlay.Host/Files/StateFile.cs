using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Host.Files;

/// <summary>
/// One JSON document that a program keeps over its restarts, with one policy for damage and one for a full disk.
/// </summary>
/// <remarks>
/// State is a convenience: no failure of its file stops the program. A damaged file stays on the disk for whoever wants
/// to look at it, until the next save replaces it. For one thread at a time.
/// </remarks>
/// <typeparam name="T">The document as it stands in the file; its user maps it to types of its own.</typeparam>
/// <param name="path">The file; its directory is made when missing.</param>
/// <param name="json">How the document is read and written.</param>
/// <param name="consequence">
/// A sentence without its full stop: the effect on the node when the file cannot be used.
/// </param>
/// <param name="logger">Logs a file that cannot be used or written.</param>
/// <param name="mode">The file's permissions; null for those that the process gives its files.</param>
public sealed class StateFile<T>(
    string path, JsonTypeInfo<T> json, string consequence, ILogger logger, UnixFileMode? mode = null)
    where T : class
{
    // Peers take some 300 bytes each.
    private const int MostBytes = 64 * 1024 * 1024;

    private bool _hasFailed;

    /// <summary>The file, for logs of its user.</summary>
    public string Path { get; } = path;

    /// <summary>
    /// The document saved last; null when there is none, and after a warning when the file is damaged or unreadable.
    /// </summary>
    public T? Load()
    {
        try
        {
            T? document = JsonSerializer.Deserialize(
                BoundedFile.Read(Path, MostBytes, "a state file"), json);
            if (document is null) Refuse("it holds no document");
            return document;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            logger.StateMissing(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            Refuse(ShownText.Of(exception.Message, ShownText.SentenceLength));
        }

        return null;
    }

    /// <summary>Logs the warning of a damaged file, for a document whose values make no sense to its user.</summary>
    public void Refuse(string reason) => logger.StateUnusable(Path, reason, consequence);

    /// <summary>Replaces the document.</summary>
    /// <returns>False when the file cannot be written; the first such failure in a row logs an error.</returns>
    public bool Save(T value) =>
        Change(() => AtomicFile.Write(Path, JsonSerializer.SerializeToUtf8Bytes(value, json), mode));

    /// <summary>Removes the file if there is one. A failure counts as one of <see cref="Save"/>.</summary>
    public void Delete() => Change(() =>
    {
        if (File.Exists(Path)) File.Delete(Path);
    });

    private bool Change(Action change)
    {
        try
        {
            change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_hasFailed) logger.StateUnwritable(Path, exception.Message, consequence);
            _hasFailed = true;
            return false;
        }

        if (_hasFailed) logger.StateWritable(Path);
        _hasFailed = false;
        return true;
    }
}
