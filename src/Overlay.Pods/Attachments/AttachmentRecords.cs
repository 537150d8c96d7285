using Overlay.Host.Files;

namespace Overlay.Pods.Attachments;

/// <summary>Records of the attachments of this node, one file each, whole or not there.</summary>
public sealed class AttachmentRecords
{
    /// <summary>
    /// Beside host-local's, root's alone: whoever can write there has any of the node's addresses freed.
    /// </summary>
    public const string DefaultDirectory = "/var/lib/cni/overlay";

    private const int MostBytes = 64 * 1024;
    private const string Extension = ".json";
    private const string HalfExtension = ".half";

    // In none of the three by the specification, so no two attachments have one name.
    private const char Separator = ':';

    private readonly string _directory;

    /// <param name="directory">Null or empty = <see cref="DefaultDirectory"/>.</param>
    public AttachmentRecords(string? directory) =>
        _directory = string.IsNullOrEmpty(directory) ? DefaultDirectory : directory;

    /// <exception cref="IOException">It cannot be written; the one from before, if any, is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public void Write(AttachmentRecord record)
    {
        _ = Directory.CreateDirectory(_directory);
        string path = PathOf(record.Network, record.ContainerId, record.InterfaceName);
        AtomicFile.Replace(path, path + HalfExtension, AttachmentRecordJson.Write(record));
    }

    /// <summary>The attachment's record, or null where there is none that can be read.</summary>
    public AttachmentRecord? Find(string network, string containerId, string interfaceName)
    {
        try
        {
            return Read(PathOf(network, containerId, interfaceName));
        }
        catch (Exception exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Nothing there is a success.</summary>
    public void Remove(string network, string containerId, string interfaceName)
    {
        string path = PathOf(network, containerId, interfaceName);
        if (!Directory.Exists(_directory)) return;
        File.Delete(path + HalfExtension);
        File.Delete(path);
    }

    /// <summary>Removes what was written by somebody who was killed before the record was whole.</summary>
    /// <param name="minimumAge">Younger ones may become records yet.</param>
    public void RemoveHalves(TimeSpan minimumAge)
    {
        if (!Directory.Exists(_directory)) return;
        DateTime before = DateTime.UtcNow - minimumAge;
        foreach (string path in Directory.EnumerateFiles(_directory, "*" + HalfExtension))
        {
            if (File.GetLastWriteTimeUtc(path) < before) File.Delete(path);
        }
    }

    /// <summary>
    /// Removes what has been begun of a network's records: nobody is writing them, or nobody will want them.
    /// </summary>
    public void RemoveHalves(string network)
    {
        if (!Directory.Exists(_directory)) return;
        foreach (string path in Directory.EnumerateFiles(_directory, $"{network}{Separator}*{HalfExtension}"))
            File.Delete(path);
    }

    /// <summary>All records, and the files that are none, with the reason.</summary>
    public IReadOnlyList<AttachmentRecord> List(ICollection<string> problems)
    {
        List<AttachmentRecord> records = [];
        if (!Directory.Exists(_directory)) return records;
        foreach (string path in Directory.EnumerateFiles(_directory, "*" + Extension))
        {
            try
            {
                AttachmentRecord record = Read(path);

                // What is done with a record follows from its content; a name that says something else was not given
                // here.
                if (PathOf(record.Network, record.ContainerId, record.InterfaceName) == path) records.Add(record);
                else
                    problems.Add(
                        $"{path} is the record of {record.ContainerId} {record.InterfaceName} of {record.Network}, "
                        + "which has another name");
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                // Its DEL came between.
            }
            catch (FormatException exception)
            {
                problems.Add($"{path} is not a record of an attachment: {exception.Message}");
            }
        }

        return records;
    }

    // A record that is too long is none.
    private static AttachmentRecord Read(string path)
    {
        try
        {
            return AttachmentRecordJson.Read(BoundedFile.Read(path, MostBytes, "a record of an attachment"));
        }
        catch (FileTooLongException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private string PathOf(string network, string containerId, string interfaceName) =>
        Path.Combine(_directory, $"{network}{Separator}{containerId}{Separator}{interfaceName}{Extension}");
}
